#include "muster/ipc/channel/channel.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel_format.h"
#include "muster/ipc/channel/descriptor_refusal.h"
#include "muster/ipc/channel/transfer.h"
#include "muster/ipc/channel/transfer_outcome.h"

namespace muster::ipc {
namespace {

constexpr std::size_t kRightsBytes = CMSG_SPACE(sizeof(int) * kMaxChannelFds);
constexpr std::size_t kCredentialsBytes = CMSG_SPACE(sizeof(ucred));
constexpr std::size_t kShortPayloadBytes = 512 - sizeof(ChannelHeader);

absl::Status ReceiveCredentials(int fd) {
  const int on = 1;
  if (::setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0) {
    return ErrnoStatus("setsockopt SO_PASSCRED");
  }
  return absl::OkStatus();
}

absl::StatusOr<int> SocketOption(int fd, int option, absl::string_view name) {
  int value = 0;
  socklen_t size = sizeof(value);
  if (::getsockopt(fd, SOL_SOCKET, option, &value, &size) < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("channel in descriptor ", fd, ": getsockopt ", name), error);
  }
  return value;
}

absl::Status CheckLimits(const Message& message) {
  if (message.payload.size() > kMaxChannelPayloadBytes) {
    return absl::InvalidArgumentError(absl::StrCat("channel message: payload of ",
                                                   message.payload.size(), " bytes, at most ",
                                                   kMaxChannelPayloadBytes));
  }
  if (message.fds.size() > kMaxChannelFds) {
    return absl::InvalidArgumentError(absl::StrCat("channel message: ", message.fds.size(),
                                                   " descriptors, at most ", kMaxChannelFds));
  }
  return absl::OkStatus();
}

// Takes what came beside the bytes. Descriptors are owned from here on, whatever
// else is wrong.
absl::Status TakeControl(msghdr* header, ReceivedMessage* message) {
  absl::Status status;
  bool has_credentials = false;
  for (cmsghdr* control = CMSG_FIRSTHDR(header); control != nullptr;
       control = CMSG_NXTHDR(header, control)) {
    const std::size_t size = control->cmsg_len - CMSG_LEN(0);
    if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS) {
      for (std::size_t i = 0; i < size / sizeof(int); ++i) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(control) + i * sizeof(fd), sizeof(fd));
        message->fds.emplace_back(fd);
      }
    } else if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_CREDENTIALS &&
               size == sizeof(ucred)) {
      std::memcpy(&message->sender, CMSG_DATA(control), sizeof(ucred));
      has_credentials = true;
    } else {
      status = absl::InvalidArgumentError(absl::StrCat(
          "channel datagram: control message of level ", control->cmsg_level, ", type ",
          control->cmsg_type, " and ", size, " bytes, expected SCM_RIGHTS or SCM_CREDENTIALS"));
    }
  }
  if (status.ok() && !has_credentials) {
    return absl::InvalidArgumentError("channel datagram: no credentials of its sender");
  }
  return status;
}

// What the kernel says it had to cut off. `had_room`: false if descriptors are missing for which
// this process had no room.
absl::Status CheckTruncation(const msghdr& header, std::size_t fd_count, bool* had_room) {
  *had_room = true;
  if ((header.msg_flags & MSG_TRUNC) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "channel datagram: larger than the ", kMaxChannelDatagramBytes, " bytes that are allowed"));
  }
  if ((header.msg_flags & MSG_CTRUNC) == 0) return absl::OkStatus();
  if (fd_count < kMaxChannelFds) {
    *had_room = false;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("channel datagram: more than ", kMaxChannelFds, " descriptors"));
}

// Of a datagram of which `came` descriptors came, and not all: how many were sent, as it says.
std::size_t ClaimedFds(absl::string_view datagram, std::size_t came) {
  ChannelHeader header = {};
  std::memcpy(&header, datagram.data(), std::min(datagram.size(), sizeof(header)));
  return std::max<std::size_t>(header.fd_count, came + 1);
}

absl::Status Accept(msghdr* header, absl::string_view datagram, ReceivedMessage* message) {
  MUSTER_RETURN_IF_ERROR(TakeControl(header, message));
  bool had_room;
  MUSTER_RETURN_IF_ERROR(CheckTruncation(*header, message->fds.size(), &had_room));
  const std::size_t came = message->fds.size();
  MUSTER_ASSIGN_OR_RETURN(
      const ChannelHeader fields,
      ParseChannelDatagram(datagram, had_room ? came : ClaimedFds(datagram, came)));
  message->command = fields.command;
  message->flags = fields.flags;
  message->sequence = fields.sequence;
  message->slot = fields.slot;
  message->pid = fields.pid;
  const absl::string_view payload = datagram.substr(sizeof(fields));
  message->payload.assign(payload.data(), payload.size());
  if (had_room) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("channel message of command ", fields.command, " and sequence ", fields.sequence,
                   " from process ", message->sender.pid, ": ", came, " of its ", fields.fd_count,
                   " descriptors came: this process may not open more"));
}

ChannelHeader HeaderOf(const Message& message) {
  ChannelHeader fields = {};
  fields.magic = kChannelMagic;
  fields.version = kChannelVersion;
  fields.command = message.command;
  fields.flags = message.flags;
  fields.fd_count = static_cast<std::uint16_t>(message.fds.size());
  fields.sequence = message.sequence;
  fields.slot = message.slot;
  fields.pid = message.pid;
  fields.payload_bytes = static_cast<std::uint32_t>(message.payload.size());
  return fields;
}

// Copying a short payload costs less than the kernel's work on a list of parts.
ssize_t SendShort(int fd, const ChannelHeader& fields, absl::string_view payload, int flags) {
  char datagram[sizeof(fields) + kShortPayloadBytes];
  std::memcpy(datagram, &fields, sizeof(fields));
  if (!payload.empty()) std::memcpy(datagram + sizeof(fields), payload.data(), payload.size());
  return ::send(fd, datagram, sizeof(fields) + payload.size(), flags);
}

ssize_t SendParts(int fd, const ChannelHeader& fields, const Message& message, int flags) {
  iovec parts[2] = {{const_cast<ChannelHeader*>(&fields), sizeof(fields)},
                    {const_cast<char*>(message.payload.data()), message.payload.size()}};
  msghdr header = {};
  header.msg_iov = parts;
  header.msg_iovlen = message.payload.empty() ? 1 : 2;
  alignas(cmsghdr) char control[kRightsBytes];
  if (!message.fds.empty()) {
    const std::size_t fds_bytes = message.fds.size() * sizeof(int);
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(fds_bytes);
    // The padding behind the descriptors is sent too.
    std::memset(control, 0, header.msg_controllen);
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(fds_bytes);
    std::memcpy(CMSG_DATA(rights), message.fds.data(), fds_bytes);
  }
  return ::sendmsg(fd, &header, flags);
}

}  // namespace

absl::StatusOr<Channel::Pair> Channel::CreatePair() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0) {
    return ErrnoStatus("socketpair AF_UNIX SOCK_SEQPACKET");
  }
  Pair pair{Channel(UniqueFd(fds[0])), Channel(UniqueFd(fds[1]))};
  MUSTER_RETURN_IF_ERROR(ReceiveCredentials(fds[0]));
  MUSTER_RETURN_IF_ERROR(ReceiveCredentials(fds[1]));
  return pair;
}

absl::StatusOr<Channel> Channel::Adopt(UniqueFd fd) {
  MUSTER_ASSIGN_OR_RETURN(const int domain, SocketOption(fd.get(), SO_DOMAIN, "SO_DOMAIN"));
  MUSTER_ASSIGN_OR_RETURN(const int type, SocketOption(fd.get(), SO_TYPE, "SO_TYPE"));
  if (domain != AF_UNIX || type != SOCK_SEQPACKET) {
    return absl::InvalidArgumentError(absl::StrCat(
        "channel in descriptor ", fd.get(), ": socket of domain ", domain, " and type ", type,
        ", expected AF_UNIX (", AF_UNIX, ") and SOCK_SEQPACKET (", SOCK_SEQPACKET, ")"));
  }
  sockaddr_un peer;
  socklen_t peer_bytes = sizeof(peer);
  if (::getpeername(fd.get(), reinterpret_cast<sockaddr*>(&peer), &peer_bytes) < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("channel in descriptor ", fd.get(), ": socket is not connected"));
  }
  if (::fcntl(fd.get(), F_SETFD, FD_CLOEXEC) < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("fcntl F_SETFD ", fd.get()), error);
  }
  MUSTER_RETURN_IF_ERROR(ReceiveCredentials(fd.get()));
  return Channel(std::move(fd));
}

absl::StatusOr<SendOutcome> Channel::SendWith(const Message& message, int flags) const {
  MUSTER_RETURN_IF_ERROR(CheckLimits(message));
  const ChannelHeader fields = HeaderOf(message);
  const ssize_t sent = RetryOnEintr([&] {
    return message.fds.empty() && message.payload.size() <= kShortPayloadBytes
               ? SendShort(fd_.get(), fields, message.payload, flags | MSG_NOSIGNAL)
               : SendParts(fd_.get(), fields, message, flags | MSG_NOSIGNAL);
  });
  if (sent >= 0) return SendOutcome::kSent;
  const int error = errno;
  if (error == EAGAIN) return SendOutcome::kWouldBlock;
  if (error == EPIPE || error == ECONNRESET) return SendOutcome::kPeerGone;
  if (IsForLater(error)) return SendOutcome::kTryLater;
  return ErrnoStatus(absl::StrCat("send ", message.payload.size(), " bytes and ",
                                  message.fds.size(), " descriptors on channel ", fd_.get()),
                     error);
}

absl::StatusOr<ReceiveOutcome> Channel::ReceiveWith(ReceivedMessage* message, int flags) const {
  message->fds.clear();
  char datagram[kMaxChannelDatagramBytes];
  alignas(cmsghdr) char control[kRightsBytes + kCredentialsBytes];
  iovec part = {datagram, sizeof(datagram)};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  ssize_t size = -1;
  do {
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
    size = ::recvmsg(fd_.get(), &header, flags | MSG_CMSG_CLOEXEC);
    // A peer that closed without reading all of ours leaves ECONNRESET, reported once,
    // ahead of messages of its own that still wait for us.
  } while (size < 0 && (errno == EINTR || errno == ECONNRESET));
  if (size < 0) {
    const int error = errno;
    if (error == EAGAIN) return ReceiveOutcome::kWouldBlock;
    return ErrnoStatus(absl::StrCat("recvmsg on channel ", fd_.get()), error);
  }
  // An empty datagram has its sender's credentials; the end of the stream has none.
  if (size == 0 && header.msg_controllen == 0) return ReceiveOutcome::kPeerGone;
  absl::Status status =
      Accept(&header, absl::string_view(datagram, static_cast<std::size_t>(size)), message);
  if (!status.ok()) {
    message->fds.clear();
    return status;
  }
  return ReceiveOutcome::kReceived;
}

bool Channel::RefuseDescriptors() const { return ipc::RefuseDescriptors(fd_.get()); }

absl::StatusOr<bool> Channel::NextHasDescriptors() const {
  char byte;
  // Room for the credentials alone, which come first: descriptors are neither opened nor closed,
  // and the kernel says that it cut them off.
  alignas(cmsghdr) char control[kCredentialsBytes];
  iovec part = {&byte, sizeof(byte)};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  ssize_t size = -1;
  do {
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
    size = ::recvmsg(fd_.get(), &header, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (size < 0 && (errno == EINTR || errno == ECONNRESET));  // as in ReceiveWith
  if (size < 0) {
    const int error = errno;
    if (error == EAGAIN) return false;
    return ErrnoStatus(absl::StrCat("look at channel ", fd_.get()), error);
  }
  return (header.msg_flags & MSG_CTRUNC) != 0;
}

absl::StatusOr<SendOutcome> Channel::TrySend(const Message& message) const {
  return SendWith(message, MSG_DONTWAIT);
}
absl::StatusOr<SendOutcome> Channel::Send(const Message& message, Deadline deadline) const {
  // The kernel waits best. What it leaves to us is a deadline, and what a writable socket refuses.
  const int flags = deadline.is_never() ? 0 : MSG_DONTWAIT;
  return Transfer("send on channel", fd_.get(), POLLOUT, deadline,
                  [&] { return SendWith(message, flags); });
}
absl::StatusOr<ReceiveOutcome> Channel::TryReceive(ReceivedMessage* message) const {
  return ReceiveWith(message, MSG_DONTWAIT);
}
absl::StatusOr<ReceiveOutcome> Channel::TryReceiveIfRoom(ReceivedMessage* message) const {
  // A look opens the descriptors, and leaves the message.
  const auto outcome = ReceiveWith(message, MSG_DONTWAIT | MSG_PEEK);
  const bool is_taken = outcome.ok() ? *outcome == ReceiveOutcome::kReceived
                                     : absl::IsInvalidArgument(outcome.status());
  if (!is_taken) return outcome;
  // Without room for what came beside it: that is closed, since it has been opened already.
  while (::recv(fd_.get(), nullptr, 0, MSG_DONTWAIT) < 0 &&
         (errno == EINTR || errno == ECONNRESET)) {
  }
  return outcome;
}
absl::StatusOr<ReceiveOutcome> Channel::Receive(ReceivedMessage* message, Deadline deadline) const {
  const int flags = deadline.is_never() ? 0 : MSG_DONTWAIT;
  return Transfer("receive from channel", fd_.get(), POLLIN, deadline,
                  [&] { return ReceiveWith(message, flags); });
}

}  // namespace muster::ipc
