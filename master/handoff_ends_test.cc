#include "muster/master/handoff_ends.h"

#include <sys/socket.h>

#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"

namespace muster::master {
namespace {

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
  EXPECT_EQ(::recv(client.get(), &byte, 1, MSG_DONTWAIT), 0);
  EXPECT_EQ(ends.CloseAll(), 0u);
}

}  // namespace
}  // namespace muster::master
