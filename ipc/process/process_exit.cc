#include "muster/ipc/process/process_exit.h"

#include "absl/strings/str_cat.h"
#include "muster/ipc/process/signal_name.h"

namespace muster::ipc {

std::string ProcessExit::ToString() const {
  if (!was_killed) return absl::StrCat("exited with code ", code);
  return absl::StrCat("killed by ", SignalName(code), dumped_core ? " (core dumped)" : "");
}

}  // namespace muster::ipc
