#ifndef MUSTER_IPC_CHANNEL_POSIX_QUEUE_H_
#define MUSTER_IPC_CHANNEL_POSIX_QUEUE_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/trusted_owner.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/transfer_outcome.h"

namespace muster::ipc {

// Owns a descriptor of a POSIX message queue (mq_overview(7)), which carries whole messages, the
// highest priority first. The kernel keeps each message until it is read, even if sender and
// receivers die. A sender cannot find out that no process receives. The name, for example
// "/orders", belongs to the ipc namespace and stays until Unlink. Prefer a Channel in new code: it
// carries descriptors and reports the death of the peer.
//
// Threads: the object keeps no state between calls; any number of calls may run at once. Fork: the
// child has the same queue. The descriptor is close-on-exec.
class PosixQueue {
 public:
  struct Options {
    // The kernel's limits are /proc/sys/fs/mqueue/msg_max, msgsize_max and RLIMIT_MSGQUEUE.
    std::size_t max_messages = 10;
    std::size_t max_message_bytes = 8192;
  };
  static constexpr unsigned kMaxPriority = 32767;

  // The mode is 0600. AlreadyExists: the name is in use. InvalidArgument: the options exceed the
  // kernel's limits.
  static absl::StatusOr<PosixQueue> Create(absl::string_view name, const Options& options);
  // NotFound: no queue has this name. PermissionDenied: its owner is not trusted.
  static absl::StatusOr<PosixQueue> Open(absl::string_view name, const TrustedOwner& trusted = {});
  // Removes the name. Processes that have the queue open keep it.
  static absl::Status Unlink(absl::string_view name);

  // TrySend and TryReceive never block. Send and Receive block until `deadline` at the longest, try
  // at least once, and then return DeadlineExceeded. None of the four returns kPeerGone.
  // InvalidArgument: the message is too long, or the priority is above kMaxPriority.
  absl::StatusOr<SendOutcome> TrySend(absl::string_view message, unsigned priority = 0) const;
  absl::StatusOr<SendOutcome> Send(absl::string_view message, unsigned priority = 0,
                                   Deadline deadline = Deadline::Never()) const;
  absl::StatusOr<ReceiveOutcome> TryReceive(std::string* message,
                                            unsigned* priority = nullptr) const;
  absl::StatusOr<ReceiveOutcome> Receive(std::string* message, unsigned* priority = nullptr,
                                         Deadline deadline = Deadline::Never()) const;

  std::size_t max_message_bytes() const { return max_message_bytes_; }
  // For poll and epoll, for reading and writing: on Linux a queue is a descriptor.
  int fd() const { return fd_.get(); }

 private:
  PosixQueue(UniqueFd fd, std::size_t max_message_bytes)
      : fd_(std::move(fd)), max_message_bytes_(max_message_bytes) {}
  static absl::StatusOr<PosixQueue> Wrap(absl::string_view name, int queue);
  enum class Wait { kNo, kForEver };
  absl::StatusOr<SendOutcome> SendWith(Wait wait, absl::string_view message,
                                       unsigned priority) const;
  absl::StatusOr<ReceiveOutcome> ReceiveWith(Wait wait, std::string* message,
                                             unsigned* priority) const;

  UniqueFd fd_;
  std::size_t max_message_bytes_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_CHANNEL_POSIX_QUEUE_H_
