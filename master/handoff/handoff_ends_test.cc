#include "muster/master/handoff/handoff_ends.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {
namespace {

TEST(HandoffEnds, GiveAConnectionAsFreshUntilThereIsNoPlace) {
  const HandoffEnds ends = *HandoffEnds::Create();
  const ipc::Channel take = *ipc::Channel::Adopt(*ipc::DuplicateFd(ends.take_fd()));
  int connection[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, connection), 0);
  const ipc::UniqueFd client(connection[0]);
  ipc::UniqueFd served(connection[1]);
  ASSERT_TRUE(ends.Give(served.get(), "its listener"));
  int more = 0;
  while (more < 100'000 && ends.Give(served.get(), "")) ++more;
  EXPECT_LT(more, 100'000);
  served.reset();

  ipc::ReceivedMessage message;
  ASSERT_TRUE(take.TryReceive(&message).ok());
  EXPECT_EQ(message.command_as<worker::Command>(), worker::Command::kAdopt);
  EXPECT_EQ(message.flags, worker::kIsFresh);
  EXPECT_EQ(message.payload, "its listener");
  ASSERT_EQ(message.fds.size(), 1u);
  ASSERT_EQ(::send(message.fds[0].get(), "x", 1, 0), 1);
  char byte;
  EXPECT_EQ(::recv(client.get(), &byte, 1, 0), 1);
  EXPECT_EQ(ends.CloseAll(), static_cast<std::size_t>(more));
}

TEST(HandoffEnds, CloseWhatIsInTheQueue) {
  const HandoffEnds ends = *HandoffEnds::Create();
  const ipc::Channel give = *ipc::Channel::Adopt(*ipc::DuplicateFd(ends.give_fd()));
  int connection[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, connection), 0);
  const ipc::UniqueFd client(connection[0]);
  ipc::UniqueFd served(connection[1]);
  ipc::Message message;
  const int fd = served.get();
  message.fds = absl::MakeConstSpan(&fd, 1);
  ASSERT_TRUE(give.TrySend(message).ok());
  ASSERT_TRUE(give.TrySend(message).ok());
  served.reset();

  EXPECT_EQ(ends.CloseAll(), 2u);
  char byte;
  EXPECT_EQ(::recv(client.get(), &byte, 1, 0), 0);
  EXPECT_EQ(ends.CloseAll(), 0u);
}

// A connection with more bytes to send than anybody takes. Who closes it last waits for an hour.
struct Lingering {
  Lingering() {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener.get(), any, size), 0);
    EXPECT_EQ(::listen(listener.get(), 1), 0);
    EXPECT_EQ(::getsockname(listener.get(), any, &size), 0);
    EXPECT_EQ(::connect(socket.get(), any, size), 0);
    const linger hour = {1, 3600};
    EXPECT_EQ(::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &hour, sizeof(hour)), 0);
    const std::string bytes(1 << 20, 'x');
    while (::send(socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
    }
  }
  ipc::UniqueFd listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  ipc::UniqueFd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
};

// Sends bytes that are no message, with these descriptors; the caller has them no more.
void SendAway(int socket, std::vector<ipc::UniqueFd> fds) {
  std::vector<char> control(CMSG_SPACE(fds.size() * sizeof(int)));
  char byte = 'x';
  iovec part = {&byte, 1};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  cmsghdr* const rights = CMSG_FIRSTHDR(&header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
  for (std::size_t i = 0; i < fds.size(); ++i) {
    const int fd = fds[i].get();
    std::memcpy(CMSG_DATA(rights) + i * sizeof(int), &fd, sizeof(int));
  }
  ASSERT_EQ(::sendmsg(socket, &header, 0), 1);
}

TEST(HandoffEnds, WaitForNoConnectionOfAMessageWithTooManyOfThem) {
  const HandoffEnds ends = *HandoffEnds::Create();
  std::vector<ipc::UniqueFd> fds;
  for (int i = 0; i < 40; ++i) fds.push_back(*ipc::DuplicateFd(ends.take_fd()));
  Lingering connection;
  fds.push_back(std::move(connection.socket));
  SendAway(ends.give_fd(), std::move(fds));
  EXPECT_EQ(ends.CloseAll(), 1u);
}

TEST(HandoffEnds, WaitForNoConnectionThatWaitsInASocketInTheQueue) {
  const HandoffEnds ends = *HandoffEnds::Create();
  Lingering connection;
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  std::vector<ipc::UniqueFd> inner;
  inner.push_back(std::move(connection.socket));
  SendAway(pair[0], std::move(inner));
  ::close(pair[0]);
  std::vector<ipc::UniqueFd> outer;
  outer.emplace_back(pair[1]);
  SendAway(ends.give_fd(), std::move(outer));
  EXPECT_EQ(ends.CloseAll(), 1u);
  connection.listener.reset();  // who closes it aside waits no longer
}

}  // namespace
}  // namespace muster::master
