#include <string>

#include "gtest/gtest.h"
#include "muster/tests/support/example.h"
#include "muster/tests/support/line_client.h"
#include "muster/tests/support/running_master.h"
#include "muster/worker/testkit/line_client.h"
#include "muster/worker/testkit/running_master.h"

namespace muster::tests {
namespace {

TEST(Echo, SendsBackWhatItGets) {
  RunningMaster muster(ExampleConfig("echo"), ExampleWorker("echo"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  LineClient client(muster.address());
  ASSERT_TRUE(client.Send("hello"));
  EXPECT_EQ(client.Receive(), "hello");
  const std::string long_line(100'000, 'x');
  ASSERT_TRUE(client.Send(long_line));
  EXPECT_EQ(client.Receive(), long_line);
}

// [echo reload test]
TEST(Echo, KeepsItsClientsOverReloads) {
  const auto master = worker::testkit::RunningMaster::Start({
      .config = R"(listen { address: "127.0.0.1:0" } service {})",
      .worker = "examples/echo/echo",
  });
  ASSERT_TRUE(master.ok()) << master.status();
  worker::testkit::LineClient client((*master)->address());
  for (int reload = 0; reload < 3; ++reload) {
    ASSERT_TRUE(client.SendBytes("half a "));
    ASSERT_TRUE((*master)->Reload().ok());
    ASSERT_TRUE(client.Send("line"));
    EXPECT_EQ(client.Receive(), "half a line");
    ASSERT_TRUE((*master)->AwaitOldWorkersEnd().ok());
    ASSERT_TRUE(client.Send("after"));
    EXPECT_EQ(client.Receive(), "after");
  }
}
// [end]

TEST(Echo, ClosesItsClientsWhenItEnds) {
  RunningMaster muster(ExampleConfig("echo"), ExampleWorker("echo"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  LineClient client(muster.address());
  ASSERT_TRUE(client.Send("hello"));
  ASSERT_EQ(client.Receive(), "hello");
  ASSERT_EQ(muster.Ctl({"quit"}).exit, 0);
  EXPECT_EQ(client.Receive(), std::nullopt);
  EXPECT_EQ(muster.master().Wait(), 0);
}

}  // namespace
}  // namespace muster::tests
