#ifndef MUSTER_IPC_CHANNEL_SYSV_QUEUE_H_
#define MUSTER_IPC_CHANNEL_SYSV_QUEUE_H_

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/channel/transfer_outcome.h"

namespace muster::ipc {

// A System V message queue (msgget(2)): whole messages, each with a type above 0 by which
// a receiver may choose. It is no descriptor and cannot be polled. For new code a
// Channel is the better choice.
//
// Who creates it removes it in the end, for everybody and at once; a killed creator leaves
// it in the kernel (ipcs -q, ipcrm -q). Threads: calls keep no state here. Fork: the
// child may use the queue, but only the process that created it removes it.
class SysvQueue {
 public:
  // Mode 0600. AlreadyExists: there is a queue with that key. Without a key it is found by
  // its id only, or by fork.
  static absl::StatusOr<SysvQueue> Create(key_t key);
  static absl::StatusOr<SysvQueue> CreatePrivate();
  static absl::StatusOr<SysvQueue> Open(key_t key);
  static absl::StatusOr<SysvQueue> OpenById(int id);

  ~SysvQueue();
  SysvQueue(SysvQueue&& other) noexcept
      : id_(std::exchange(other.id_, -1)), creator_(std::exchange(other.creator_, 0)) {}
  SysvQueue& operator=(SysvQueue&&) = delete;

  // kPeerGone: the queue was removed. InvalidArgument: a type below 1, or more bytes
  // than /proc/sys/kernel/msgmax.
  absl::StatusOr<SendOutcome> TrySend(long type, absl::string_view message) const;
  absl::StatusOr<SendOutcome> Send(long type, absl::string_view message) const;

  // `type` 0: the first message. Above 0: the first of that type. Below: the first of the
  // lowest type up to -type. The message's type replaces *found_type unless it is null.
  absl::StatusOr<ReceiveOutcome> TryReceive(long type, std::string* message,
                                            long* found_type = nullptr) const;
  absl::StatusOr<ReceiveOutcome> Receive(long type, std::string* message,
                                         long* found_type = nullptr) const;

  int id() const { return id_; }

 private:
  SysvQueue(int id, pid_t creator) : id_(id), creator_(creator) {}
  absl::StatusOr<SendOutcome> SendWith(int flags, long type, absl::string_view message) const;
  absl::StatusOr<ReceiveOutcome> ReceiveWith(int flags, long type, std::string* message,
                                             long* found_type) const;

  int id_;
  pid_t creator_;  // 0: another process's business
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_CHANNEL_SYSV_QUEUE_H_
