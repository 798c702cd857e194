#include "muster/ipc/channel/sysv_queue.h"

#include <sys/ipc.h>
#include <sys/msg.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/trusted_owner.h"
#include "muster/ipc/channel/transfer.h"
#include "muster/ipc/channel/transfer_outcome.h"

namespace muster::ipc {
namespace {

// The kernel wants the type in front of the text, in one piece.
constexpr std::size_t kTypeBytes = sizeof(long);
constexpr std::size_t kFirstRoomBytes = 8192;  // msgmax, unless somebody raised it

absl::StatusOr<int> Get(key_t key, int flags) {
  const int id = ::msgget(key, flags);
  if (id >= 0) return id;
  const int error = errno;
  return ErrnoStatus(absl::StrCat("msgget key ", key), error);
}

// `attempt` with the flags of msgop(2), until `deadline`.
template <typename Attempt>
auto Wait(absl::string_view call, Deadline deadline, Attempt attempt) -> decltype(attempt(0)) {
  if (deadline.is_never()) {
    return Transfer(call, kNoDescriptor, 0, deadline, [&] { return attempt(0); });
  }
  bool is_first = true;
  return Transfer(call, kNoDescriptor, 0, deadline, [&] {
    auto outcome = attempt(IPC_NOWAIT);
    // What was right the first time is wrong now only if the queue was removed in between.
    if (!std::exchange(is_first, false) && absl::IsInvalidArgument(outcome.status())) {
      outcome = std::decay_t<decltype(*outcome)>::kPeerGone;
    }
    return outcome;
  });
}

}  // namespace

absl::StatusOr<SysvQueue> SysvQueue::Create(key_t key) {
  MUSTER_ASSIGN_OR_RETURN(const int id, Get(key, IPC_CREAT | IPC_EXCL | 0600));
  return SysvQueue(id, OriginProcess());
}

absl::StatusOr<SysvQueue> SysvQueue::CreatePrivate() { return Create(IPC_PRIVATE); }

absl::StatusOr<SysvQueue> SysvQueue::Open(key_t key, const TrustedOwner& trusted) {
  MUSTER_ASSIGN_OR_RETURN(const int id, Get(key, 0));
  return OpenById(id, trusted);
}

absl::StatusOr<SysvQueue> SysvQueue::OpenById(int id, const TrustedOwner& trusted) {
  msqid_ds queue;
  if (::msgctl(id, IPC_STAT, &queue) < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("msgctl IPC_STAT queue ", id), error);
  }
  // Each of the two may change it.
  const std::string what = absl::StrCat("System V queue ", id);
  MUSTER_RETURN_IF_ERROR(CheckOwner(what, queue.msg_perm.uid, queue.msg_perm.mode, trusted));
  MUSTER_RETURN_IF_ERROR(CheckOwner(what, queue.msg_perm.cuid, queue.msg_perm.mode, trusted));
  return SysvQueue(id, std::nullopt);
}

SysvQueue::~SysvQueue() {
  if (id_ >= 0 && origin_ && origin_->IsThisOne()) ::msgctl(id_, IPC_RMID, nullptr);
}

absl::StatusOr<SendOutcome> SysvQueue::SendWith(int flags, long type,
                                                absl::string_view message) const {
  std::vector<char> buffer(kTypeBytes + message.size());
  std::memcpy(buffer.data(), &type, kTypeBytes);
  if (!message.empty()) std::memcpy(buffer.data() + kTypeBytes, message.data(), message.size());
  if (RetryOnEintr([&] { return ::msgsnd(id_, buffer.data(), message.size(), flags); }) == 0) {
    return SendOutcome::kSent;
  }
  const int error = errno;
  if (error == EAGAIN) return SendOutcome::kWouldBlock;
  if (error == EIDRM) return SendOutcome::kPeerGone;
  if (IsForLater(error)) return SendOutcome::kTryLater;
  return ErrnoStatus(
      absl::StrCat("msgsnd ", message.size(), " bytes of type ", type, " to queue ", id_), error);
}

absl::StatusOr<ReceiveOutcome> SysvQueue::ReceiveWith(int flags, long type, std::string* message,
                                                      long* found_type) const {
  // A message that does not fit stays in the queue, and we come again with more room.
  for (std::size_t room = kFirstRoomBytes;; room *= 2) {
    std::vector<char> buffer(kTypeBytes + room);
    const ssize_t size =
        RetryOnEintr([&] { return ::msgrcv(id_, buffer.data(), room, type, flags); });
    if (size >= 0) {
      if (found_type != nullptr) std::memcpy(found_type, buffer.data(), kTypeBytes);
      message->assign(buffer.data() + kTypeBytes, static_cast<std::size_t>(size));
      return ReceiveOutcome::kReceived;
    }
    const int error = errno;
    if (error == ENOMSG) return ReceiveOutcome::kWouldBlock;
    if (error == EIDRM) return ReceiveOutcome::kPeerGone;
    if (error != E2BIG) return ErrnoStatus(absl::StrCat("msgrcv from queue ", id_), error);
  }
}

absl::StatusOr<SendOutcome> SysvQueue::TrySend(long type, absl::string_view message) const {
  return SendWith(IPC_NOWAIT, type, message);
}
absl::StatusOr<SendOutcome> SysvQueue::Send(long type, absl::string_view message,
                                            Deadline deadline) const {
  return Wait(absl::StrCat("msgsnd to queue ", id_), deadline,
              [&](int flags) { return SendWith(flags, type, message); });
}
absl::StatusOr<ReceiveOutcome> SysvQueue::TryReceive(long type, std::string* message,
                                                     long* found_type) const {
  return ReceiveWith(IPC_NOWAIT, type, message, found_type);
}
absl::StatusOr<ReceiveOutcome> SysvQueue::Receive(long type, std::string* message, long* found_type,
                                                  Deadline deadline) const {
  return Wait(absl::StrCat("msgrcv from queue ", id_), deadline,
              [&](int flags) { return ReceiveWith(flags, type, message, found_type); });
}

}  // namespace muster::ipc
