// The real master, and workers of this workspace's program.

#include "gtest/gtest.h"
#include "muster/worker/testkit/line_client.h"
#include "muster/worker/testkit/running_master.h"

namespace embed {
namespace {

using muster::admin::v1::Event;
using muster::worker::testkit::LineClient;
using muster::worker::testkit::RunningMaster;

TEST(TallyReload, KeepsTheSumsOfItsClients) {
  const auto master = RunningMaster::Start({
      .config = R"(worker_processes: 1 listen { address: "127.0.0.1:0" } service {})",
      .worker = "service/tally",
  });
  ASSERT_TRUE(master.ok()) << master.status();
  LineClient client((*master)->address());
  ASSERT_TRUE(client.Send("40"));
  ASSERT_EQ(client.Receive(), "40");

  ASSERT_TRUE((*master)->Reload().ok());
  ASSERT_TRUE(client.Send("2"));
  EXPECT_EQ(client.Receive(), "42");
}

TEST(TallyReload, ServesAgainAfterACrash) {
  const auto master = RunningMaster::Start({
      .config = R"(worker_processes: 1 listen { address: "127.0.0.1:0" } service {})",
      .worker = "service/tally",
  });
  ASSERT_TRUE(master.ok()) << master.status();
  ASSERT_TRUE((*master)->KillWorker(0).ok());
  EXPECT_EQ((*master)->AwaitEvent(Event::WORKER_CRASHED)->worker().last_end(), "SIGKILL");
  LineClient client((*master)->address());
  ASSERT_TRUE(client.Send("7"));
  EXPECT_EQ(client.Receive(), "7");
  EXPECT_TRUE((*master)->Quit().ok()) << (*master)->log();
}

}  // namespace
}  // namespace embed
