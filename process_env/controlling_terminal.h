#ifndef MUSTER_PROCESS_ENV_CONTROLLING_TERMINAL_H_
#define MUSTER_PROCESS_ENV_CONTROLLING_TERMINAL_H_

namespace muster::process_env {

// Whether a terminal controls this process: its resizes, hang-up and keys are signals to the
// process then. Does not block.
bool HasControllingTerminal();

}  // namespace muster::process_env

#endif  // MUSTER_PROCESS_ENV_CONTROLLING_TERMINAL_H_
