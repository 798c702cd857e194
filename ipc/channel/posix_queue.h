#ifndef MUSTER_IPC_CHANNEL_POSIX_QUEUE_H_
#define MUSTER_IPC_CHANNEL_POSIX_QUEUE_H_

#include <cstddef>
#include <ctime>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/transfer_outcome.h"

namespace muster::ipc {

// A POSIX message queue (mq_overview(7)): whole messages, the highest priority first, kept by
// the kernel until read, whoever dies meanwhile. It cannot tell that nobody listens. The
// name, like "/orders", stays until Unlink, in the ipc namespace. For new code a Channel is
// the better choice: it carries descriptors and shows a death.
//
// Threads: calls keep no state here. Fork: the child has the same queue.
class PosixQueue {
 public:
  struct Options {
    // Limits: /proc/sys/fs/mqueue/msg_max and msgsize_max, and RLIMIT_MSGQUEUE.
    std::size_t max_messages = 10;
    std::size_t max_message_bytes = 8192;
  };
  static constexpr unsigned kMaxPriority = 32767;

  // Mode 0600. AlreadyExists: the name is taken. InvalidArgument: over the limits.
  static absl::StatusOr<PosixQueue> Create(absl::string_view name, const Options& options);
  static absl::StatusOr<PosixQueue> Open(absl::string_view name);
  // Removes the name; those who have the queue open keep it.
  static absl::Status Unlink(absl::string_view name);

  // Never kPeerGone. InvalidArgument: the message is too long, or the priority is too high.
  absl::StatusOr<SendOutcome> TrySend(absl::string_view message, unsigned priority = 0) const;
  absl::StatusOr<SendOutcome> Send(absl::string_view message, unsigned priority = 0) const;
  absl::StatusOr<ReceiveOutcome> TryReceive(std::string* message,
                                            unsigned* priority = nullptr) const;
  absl::StatusOr<ReceiveOutcome> Receive(std::string* message, unsigned* priority = nullptr) const;

  std::size_t max_message_bytes() const { return max_message_bytes_; }
  // To poll for reading and writing; on Linux a queue is a descriptor.
  int fd() const { return fd_.get(); }

 private:
  PosixQueue(UniqueFd fd, std::size_t max_message_bytes)
      : fd_(std::move(fd)), max_message_bytes_(max_message_bytes) {}
  static absl::StatusOr<PosixQueue> Wrap(absl::string_view name, int queue);
  // Null: never.
  absl::StatusOr<SendOutcome> SendUntil(const timespec* deadline, absl::string_view message,
                                        unsigned priority) const;
  absl::StatusOr<ReceiveOutcome> ReceiveUntil(const timespec* deadline, std::string* message,
                                              unsigned* priority) const;

  UniqueFd fd_;
  std::size_t max_message_bytes_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_CHANNEL_POSIX_QUEUE_H_
