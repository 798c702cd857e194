#include <string>

#include "gtest/gtest.h"
#include "muster/tests/support/example.h"
#include "muster/tests/support/line_client.h"
#include "muster/tests/support/running_master.h"

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

TEST(Echo, KeepsItsClientsOverReloads) {
  RunningMaster muster(ExampleConfig("echo"), ExampleWorker("echo"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  LineClient client(muster.address());
  for (int generation = 2; generation <= 4; ++generation) {
    ASSERT_TRUE(client.SendBytes("half a "));
    ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
    ASSERT_TRUE(client.Send("line"));
    EXPECT_EQ(client.Receive(), "half a line");
    ASSERT_TRUE(AwaitGeneration(muster, generation));
    ASSERT_TRUE(client.Send("after"));
    EXPECT_EQ(client.Receive(), "after");
  }
}

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
