#ifndef MUSTER_IPC_CHANNEL_SYSV_QUEUE_H_
#define MUSTER_IPC_CHANNEL_SYSV_QUEUE_H_

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/origin_process.h"
#include "muster/ipc/base/trusted_owner.h"
#include "muster/ipc/channel/transfer_outcome.h"

namespace muster::ipc {

// A System V message queue (msgget(2)). It carries whole messages. Each has a type above 0, by
// which a receiver may select. The queue is not a descriptor and cannot be polled. Prefer a Channel
// in new code.
//
// The object that created the queue owns it: its destructor removes the queue at once, for all
// processes. A creator that is killed leaves the queue in the kernel (ipcs -q, ipcrm -q). Threads:
// the object keeps no state between calls; any number of calls may run at once. Fork: the child may
// use the queue, but only the process that created it removes it. Each call allocates a buffer.
class SysvQueue {
 public:
  // The mode is 0600. AlreadyExists: a queue with this key exists.
  static absl::StatusOr<SysvQueue> Create(key_t key);
  // A queue without a key. Other processes find it by id() or inherit the object by fork.
  static absl::StatusOr<SysvQueue> CreatePrivate();
  // NotFound: no queue has this key. PermissionDenied: its owner or its creator is not trusted.
  static absl::StatusOr<SysvQueue> Open(key_t key, const TrustedOwner& trusted = {});
  static absl::StatusOr<SysvQueue> OpenById(int id, const TrustedOwner& trusted = {});

  ~SysvQueue();
  SysvQueue(SysvQueue&& other) noexcept
      : id_(std::exchange(other.id_, -1)), origin_(std::exchange(other.origin_, std::nullopt)) {}
  SysvQueue& operator=(SysvQueue&&) = delete;

  // TrySend never blocks. kPeerGone: the queue was removed. The kernel reports this to calls that
  // are waiting; a later call may return InvalidArgument instead. InvalidArgument also means that
  // the type is below 1, or that the message has more bytes than /proc/sys/kernel/msgmax.
  //
  // Send and Receive block until `deadline` at the longest, try at least once, and then return
  // DeadlineExceeded. The kernel's wait has no timeout and there is nothing to poll, so with a
  // deadline they look again and again (naps.h), and those who wait without one go first.
  absl::StatusOr<SendOutcome> TrySend(long type, absl::string_view message) const;
  absl::StatusOr<SendOutcome> Send(long type, absl::string_view message,
                                   Deadline deadline = Deadline::Never()) const;

  // TryReceive never blocks. `type` 0 selects the first message. A type above 0 selects the first
  // message of this type. A type below 0 selects the first message of the lowest type that is at
  // most -type. *found_type is set to the type of the message, unless the pointer is null.
  absl::StatusOr<ReceiveOutcome> TryReceive(long type, std::string* message,
                                            long* found_type = nullptr) const;
  absl::StatusOr<ReceiveOutcome> Receive(long type, std::string* message,
                                         long* found_type = nullptr,
                                         Deadline deadline = Deadline::Never()) const;

  int id() const { return id_; }

 private:
  SysvQueue(int id, std::optional<OriginProcess> origin) : id_(id), origin_(origin) {}
  absl::StatusOr<SendOutcome> SendWith(int flags, long type, absl::string_view message) const;
  absl::StatusOr<ReceiveOutcome> ReceiveWith(int flags, long type, std::string* message,
                                             long* found_type) const;

  int id_;
  std::optional<OriginProcess> origin_;  // the process that removes it; none: its creator's object
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_CHANNEL_SYSV_QUEUE_H_
