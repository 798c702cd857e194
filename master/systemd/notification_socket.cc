#include "muster/master/systemd/notification_socket.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

#include "muster/ipc/base/check.h"

namespace muster::master {

NotificationSocket::NotificationSocket(const std::string& path)
    : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  MUSTER_CHECK(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0,
               "bind");
}

std::optional<NotificationSocket::Message> NotificationSocket::Receive() const {
  char text[1024];
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  iovec part = {text, sizeof(text)};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  const ssize_t size = ::recvmsg(fd_.get(), &header, MSG_CMSG_CLOEXEC);
  if (size < 0) return std::nullopt;
  Message message;
  message.text.assign(text, static_cast<std::size_t>(size));
  if (const cmsghdr* rights = CMSG_FIRSTHDR(&header)) {
    int number = -1;
    std::memcpy(&number, CMSG_DATA(rights), sizeof(number));
    message.fd.reset(number);
  }
  return message;
}

}  // namespace muster::master
