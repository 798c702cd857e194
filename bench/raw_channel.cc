#include "muster/bench/raw_channel.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "muster/ipc/base/check.h"

namespace muster::bench {

RawChannel::Pair RawChannel::CreatePair(bool with_credentials) {
  int fds[2];
  MUSTER_CHECK(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0, "socketpair");
  for (const int fd : fds) {
    const int on = with_credentials ? 1 : 0;
    MUSTER_CHECK(::setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0, "SO_PASSCRED");
  }
  return Pair{RawChannel(ipc::UniqueFd(fds[0])), RawChannel(ipc::UniqueFd(fds[1]))};
}

void RawChannel::Send(char command, absl::string_view payload, int fd) {
  char header[sizeof(ipc::ChannelHeader)] = {command};
  iovec parts[2] = {{header, sizeof(header)}, {const_cast<char*>(payload.data()), payload.size()}};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message = {};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    cmsghdr* const rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
  }
  MUSTER_CHECK(::sendmsg(fd_.get(), &message, MSG_NOSIGNAL) >= 0, "sendmsg");
}

void RawChannel::Receive() {
  iovec part = {buffer_, sizeof(buffer_)};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(ucred))];
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  const ssize_t size = ::recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC);
  MUSTER_CHECK(size >= static_cast<ssize_t>(sizeof(ipc::ChannelHeader)), "recvmsg");
  size_ = static_cast<std::size_t>(size);
  received_fd_ = -1;
  for (cmsghdr* part_of = CMSG_FIRSTHDR(&message); part_of != nullptr;
       part_of = CMSG_NXTHDR(&message, part_of)) {
    if (part_of->cmsg_type == SCM_RIGHTS) {
      std::memcpy(&received_fd_, CMSG_DATA(part_of), sizeof(received_fd_));
    }
  }
}

void RawChannel::CloseReceivedFd() { ::close(received_fd_); }

}  // namespace muster::bench
