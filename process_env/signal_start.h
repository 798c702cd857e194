#ifndef MUSTER_PROCESS_ENV_SIGNAL_START_H_
#define MUSTER_PROCESS_ENV_SIGNAL_START_H_

#include "absl/types/span.h"

namespace muster::process_env {

// What a program does with signals.
struct SignalUse {
  absl::Span<const int> read;     // later, by an ipc::SignalSet
  absl::Span<const int> ignored;  // in addition to PIPE and XFSZ
};

// Gives every signal the state that the program expects, whatever the parent left: those in
// `use.read` are blocked, and stay pending if they have come already; those in `use.ignored`, PIPE
// and XFSZ are ignored, so that a closed pipe and RLIMIT_FSIZE are errors of write(2); all others
// are unblocked, with their default disposition. What is pending of the others is dropped, and
// timers that send signals are stopped. Call it first in main, before there is another thread.
void StartSignals(const SignalUse& use);

// Unblocks all signals, for a program that will not read them. One that is pending takes effect
// now.
void ReleaseSignals();

}  // namespace muster::process_env

#endif  // MUSTER_PROCESS_ENV_SIGNAL_START_H_
