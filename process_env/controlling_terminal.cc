#include "muster/process_env/controlling_terminal.h"

#include <fcntl.h>

#include "muster/ipc/base/unique_fd.h"

namespace muster::process_env {

bool HasControllingTerminal() {
  // This name means the controlling terminal of whoever opens it, and nothing if there is none.
  return ipc::UniqueFd(::open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)).valid();
}

}  // namespace muster::process_env
