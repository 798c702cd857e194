#ifndef MUSTER_IPC_PROCESS_SIGNAL_NAME_H_
#define MUSTER_IPC_PROCESS_SIGNAL_NAME_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::ipc {

// "SIGHUP", "SIGRTMIN+2"; "signal 99" for a number that is not a signal. Allocates memory, so it
// must not be called in signal handlers. Thread-safe.
std::string SignalName(int number);

// The number of "HUP", "SIGHUP", "hup", "RTMIN+2" or "1". InvalidArgument: there is no such signal.
absl::StatusOr<int> ParseSignal(absl::string_view text);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_PROCESS_SIGNAL_NAME_H_
