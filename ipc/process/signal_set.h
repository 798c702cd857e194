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
  // The sender, as reported by the kernel. 0: the kernel itself sent it, or the sender is in
  // another pid namespace.
  pid_t sender_pid = 0;
  uid_t sender_uid = 0;
  // Whether a process sent it: kill(2), sigqueue(3) and the like. False: the kernel did, as it does
  // with SIGWINCH when a terminal changes its size, or with SIGINT when somebody types Ctrl-C. What
  // a process brings upon itself by a system call, such as SIGPIPE, counts as sent by it.
  bool is_from_process = false;
};

// Owns a signalfd(2), which makes signals readable events of a loop. Block() blocks the signals in
// the calling thread only. Call it before other threads start, so that they inherit the mask: the
// kernel may deliver a signal to any thread that does not block it. Any thread may read.
//
// The destructor leaves the signals blocked, because unblocking would deliver pending ones.
// Children inherit the mask, also across exec, so a spawner resets it. In a child of fork the
// descriptor reads the child's own signals. An epoll instance from before the fork still watches
// the parent's signals, so the child needs a new one.
class SignalSet {
 public:
  // InvalidArgument: a number is not a signal, or the signal cannot be blocked.
  static absl::StatusOr<SignalSet> Block(absl::Span<const int> signals);

  // The next pending signal, or nothing. Never blocks. Several signals with the same number may
  // arrive as one.
  absl::StatusOr<std::optional<ReceivedSignal>> TryRead() const;

  // For poll and epoll, for reading.
  int fd() const { return fd_.get(); }

 private:
  explicit SignalSet(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_PROCESS_SIGNAL_SET_H_
