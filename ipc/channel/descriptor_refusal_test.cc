#include "muster/ipc/channel/descriptor_refusal.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ipc {
namespace {

// The error of sending a byte with a descriptor; zero: none.
int ErrorOfSendingADescriptor(int socket) {
  char byte = 'x';
  iovec part = {&byte, 1};
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
  std::memcpy(CMSG_DATA(rights), &socket, sizeof(socket));
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) == 1 ? 0 : errno;
}

TEST(DescriptorRefusal, HoldsForTheConnectionsOfASocketThatListens) {
  const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  socklen_t size = offsetof(sockaddr_un, sun_path);  // the kernel finds a name
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  size = sizeof(address);
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  if (!RefuseDescriptors(listener.get())) GTEST_SKIP() << "this kernel has no SO_PASSRIGHTS";
  const UniqueFd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  EXPECT_EQ(ErrorOfSendingADescriptor(client.get()), EPERM) << "before the connection is accepted";
  const UniqueFd accepted(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  ASSERT_TRUE(accepted.valid());
  EXPECT_EQ(ErrorOfSendingADescriptor(client.get()), EPERM);
  EXPECT_EQ(::send(client.get(), "x", 1, MSG_NOSIGNAL), 1) << "bytes may come";
}

}  // namespace
}  // namespace muster::ipc
