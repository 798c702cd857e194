#include "muster/ipc/channel/posix_queue.h"

#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <sys/stat.h>

#include <cerrno>
#include <ctime>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/named_file.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/trusted_owner.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/transfer.h"
#include "muster/ipc/channel/transfer_outcome.h"

namespace muster::ipc {
namespace {

static_assert(std::is_same_v<mqd_t, int>);

// A deadline long past: the timed calls then try once. So nobody needs
// O_NONBLOCK, which all holders of the description would share. Other deadlines are
// poll's: these calls measure theirs by the clock that can be set.
constexpr timespec kPast = {0, 0};

}  // namespace

absl::StatusOr<PosixQueue> PosixQueue::Wrap(absl::string_view name, int queue) {
  UniqueFd fd(queue);
  if (!fd.valid()) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("mq_open ", name), error);
  }
  mq_attr attributes;
  if (::mq_getattr(fd.get(), &attributes) < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("mq_getattr ", name), error);
  }
  return PosixQueue(std::move(fd), static_cast<std::size_t>(attributes.mq_msgsize));
}

absl::StatusOr<PosixQueue> PosixQueue::Create(absl::string_view name, const Options& options) {
  mq_attr attributes = {};
  attributes.mq_maxmsg = static_cast<long>(options.max_messages);
  attributes.mq_msgsize = static_cast<long>(options.max_message_bytes);
  return Wrap(name, ::mq_open(std::string(name).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
                              0600, &attributes));
}

absl::StatusOr<PosixQueue> PosixQueue::Open(absl::string_view name, const TrustedOwner& trusted) {
  MUSTER_ASSIGN_OR_RETURN(PosixQueue queue,
                          Wrap(name, ::mq_open(std::string(name).c_str(), O_RDWR | O_CLOEXEC)));
  MUSTER_RETURN_IF_ERROR(
      CheckNamedFile(queue.fd(), absl::StrCat("POSIX queue ", name), S_IFREG, trusted));
  return queue;
}

absl::Status PosixQueue::Unlink(absl::string_view name) {
  if (::mq_unlink(std::string(name).c_str()) < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("mq_unlink ", name), error);
  }
  return absl::OkStatus();
}

absl::StatusOr<SendOutcome> PosixQueue::SendWith(Wait wait, absl::string_view message,
                                                 unsigned priority) const {
  if (message.size() > max_message_bytes_ || priority > kMaxPriority) {
    return absl::InvalidArgumentError(
        absl::StrCat("mq_send: ", message.size(), " bytes at priority ", priority,
                     ", expected at most ", max_message_bytes_, " and ", kMaxPriority));
  }
  if (RetryOnEintr([&] {
        return wait == Wait::kForEver
                   ? ::mq_send(fd_.get(), message.data(), message.size(), priority)
                   : ::mq_timedsend(fd_.get(), message.data(), message.size(), priority, &kPast);
      }) == 0) {
    return SendOutcome::kSent;
  }
  const int error = errno;
  if (error == ETIMEDOUT || error == EAGAIN) return SendOutcome::kWouldBlock;
  if (IsForLater(error)) return SendOutcome::kTryLater;
  return ErrnoStatus(absl::StrCat("mq_send ", message.size(), " bytes"), error);
}

absl::StatusOr<ReceiveOutcome> PosixQueue::ReceiveWith(Wait wait, std::string* message,
                                                       unsigned* priority) const {
  message->resize(max_message_bytes_);  // the kernel insists on room for the longest
  const ssize_t size = RetryOnEintr([&] {
    return wait == Wait::kForEver
               ? ::mq_receive(fd_.get(), message->data(), message->size(), priority)
               : ::mq_timedreceive(fd_.get(), message->data(), message->size(), priority, &kPast);
  });
  const int error = errno;
  message->resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  if (size >= 0) return ReceiveOutcome::kReceived;
  if (error == ETIMEDOUT || error == EAGAIN) return ReceiveOutcome::kWouldBlock;
  return ErrnoStatus("mq_receive", error);
}

absl::StatusOr<SendOutcome> PosixQueue::TrySend(absl::string_view message,
                                                unsigned priority) const {
  return SendWith(Wait::kNo, message, priority);
}
absl::StatusOr<SendOutcome> PosixQueue::Send(absl::string_view message, unsigned priority,
                                             Deadline deadline) const {
  const Wait wait = deadline.is_never() ? Wait::kForEver : Wait::kNo;
  return Transfer("mq_send", fd_.get(), POLLOUT, deadline,
                  [&] { return SendWith(wait, message, priority); });
}
absl::StatusOr<ReceiveOutcome> PosixQueue::TryReceive(std::string* message,
                                                      unsigned* priority) const {
  return ReceiveWith(Wait::kNo, message, priority);
}
absl::StatusOr<ReceiveOutcome> PosixQueue::Receive(std::string* message, unsigned* priority,
                                                   Deadline deadline) const {
  const Wait wait = deadline.is_never() ? Wait::kForEver : Wait::kNo;
  return Transfer("mq_receive", fd_.get(), POLLIN, deadline,
                  [&] { return ReceiveWith(wait, message, priority); });
}

}  // namespace muster::ipc
