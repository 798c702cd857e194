#include "muster/master/systemd/manager_socket.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "muster/ipc/base/retry.h"

namespace muster::master {
namespace {

// The name of a socket file, or one of the abstract namespace, which is written with an @.
std::string AddressIn(const char* variable) {
  std::string name = variable == nullptr ? "" : variable;
  if (name.size() < 2 || (name[0] != '/' && name[0] != '@')) return "";
  if (name.size() >= sizeof(sockaddr_un::sun_path)) return "";
  if (name[0] == '@') name[0] = '\0';
  return name;
}

}  // namespace

ManagerSocket::ManagerSocket() : address_(AddressIn(std::getenv("NOTIFY_SOCKET"))) {
  if (address_.empty()) return;
  socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_.valid()) address_.clear();
}

ManagerSocket::Outcome ManagerSocket::Send(absl::string_view message, int fd) const {
  if (address_.empty()) return Outcome::kLost;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, address_.data(), address_.size());
  // The name of an abstract socket ends where its length says, a file's with a zero.
  const std::size_t end = address_[0] == '\0' ? 0 : 1;
  iovec part = {const_cast<char*>(message.data()), message.size()};
  msghdr header = {};
  header.msg_name = &address;
  header.msg_namelen =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size() + end);
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (fd >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
  }
  const ssize_t sent =
      ipc::RetryOnEintr([&] { return ::sendmsg(socket_.get(), &header, MSG_NOSIGNAL); });
  if (sent >= 0) return Outcome::kSent;
  // The last one: too many descriptors of this user are on their way.
  const bool is_full = errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS;
  return is_full ? Outcome::kFull : Outcome::kLost;
}

}  // namespace muster::master
