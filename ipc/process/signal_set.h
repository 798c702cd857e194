#ifndef MUSTER_IPC_PROCESS_SIGNAL_SET_H_
#define MUSTER_IPC_PROCESS_SIGNAL_SET_H_

#include <sys/types.h>

#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ipc {

struct ReceivedSignal {
  int number = 0;
  // Who sent it, as the kernel says; 0 if the kernel itself did, or the sender is
  // in another pid namespace.
  pid_t sender_pid = 0;
  uid_t sender_uid = 0;
};

// Signals as readable events of a loop, by signalfd(2). Blocks them in the calling thread:
// make it before other threads start, so that they inherit the mask; a thread
// that does not block a signal may take it away.
//
// The destructor leaves the signals blocked, for unblocking would deliver what is
// pending. Children inherit the mask, over exec too: a spawner resets it. A
// child of fork that reads the descriptor gets its own signals, not the parent's, and
// an epoll made before fork still watches the parent's: make a new one there.
class SignalSet {
 public:
  // InvalidArgument: a number that is no signal, or that cannot be blocked.
  static absl::StatusOr<SignalSet> Block(absl::Span<const int> signals);

  // The next pending signal, or nothing. Never blocks. Several of one number may
  // arrive as one.
  absl::StatusOr<std::optional<ReceivedSignal>> TryRead() const;

  // To poll for reading.
  int fd() const { return fd_.get(); }

 private:
  explicit SignalSet(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_PROCESS_SIGNAL_SET_H_
