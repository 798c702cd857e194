#include "muster/tests/support/lingering_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/check.h"
#include "muster/tests/support/child_process.h"

namespace muster::tests {
namespace {

void SetLinger(int fd, const linger& linger) {
  (void)::setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

}  // namespace

LingeringSocket::LingeringSocket()
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  MUSTER_CHECK(::bind(listener_.get(), any, size) == 0 && ::listen(listener_.get(), 1) == 0 &&
                   ::getsockname(listener_.get(), any, &size) == 0 &&
                   ::connect(socket_.get(), any, size) == 0,
               "a connection on the loopback");
  SetLinger(socket_.get(), {1, 3600});
  const std::string bytes(1 << 20, 'x');
  while (::send(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
  }
}

LingeringSocket::~LingeringSocket() {
  if (socket_.valid()) SetLinger(socket_.get(), {});
}

bool LingeringSocket::SendAway(int over, const std::string& bytes) {
  std::string copy = bytes;
  iovec part = {copy.data(), copy.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  cmsghdr* rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = socket_.get();
  std::memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
  const ssize_t sent = ::sendmsg(over, &message, MSG_NOSIGNAL);
  MUSTER_CHECK(sent == static_cast<ssize_t>(bytes.size()) || errno == EPERM, "sendmsg");
  if (sent < 0) return false;
  socket_.reset();  // not the last one
  return true;
}

std::vector<ipc::UniqueFd> UnixSocketsOf(pid_t pid, const std::string& path) {
  const ipc::UniqueFd process = OpenProcess(pid);
  std::vector<ipc::UniqueFd> sockets;
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::directory_iterator(absl::StrCat("/proc/", pid, "/fd"), ignored)) {
    int number = 0;
    MUSTER_CHECK(absl::SimpleAtoi(entry.path().filename().string(), &number), "a descriptor");
    ipc::UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), number, 0)));
    sockaddr_un address = {};
    socklen_t size = sizeof(address);
    if (!fd.valid() || ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
        address.sun_family != AF_UNIX) {
      continue;
    }
    if (path.empty() || address.sun_path == path) sockets.push_back(std::move(fd));
  }
  return sockets;
}

void AllowDescriptors(const std::vector<ipc::UniqueFd>& sockets) {
  const int on = 1;
  for (const ipc::UniqueFd& fd : sockets) {
    (void)::setsockopt(fd.get(), SOL_SOCKET, /*SO_PASSRIGHTS*/ 83, &on, sizeof(on));
  }
}

}  // namespace muster::tests
