#ifndef MUSTER_PROCESS_ENV_PREPARATION_H_
#define MUSTER_PROCESS_ENV_PREPARATION_H_

#include <sys/types.h>

#include "absl/status/status.h"
#include "muster/process_env/signal_start.h"

namespace muster::process_env {

// Whatever mask the parent had, files and folders that a program makes have the modes that it
// names, except that only their owner may write.
inline constexpr mode_t kFileModeMask = 022;

// Brings the process into the state that master and worker rely on, however it was started:
// standard input, output and error are open, the signals are as StartSignals says, and the file
// mode mask is kFileModeMask. Both programs call it first, before there is another thread. Calling
// it again does no harm.
absl::Status PrepareProcess(const SignalUse& signals);

}  // namespace muster::process_env

#endif  // MUSTER_PROCESS_ENV_PREPARATION_H_
