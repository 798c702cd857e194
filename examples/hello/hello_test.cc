#include "gtest/gtest.h"
#include "muster/tests/support/example.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

TEST(Hello, GreetsWhoeverThePathNames) {
  RunningMaster muster(ExampleConfig("hello"), ExampleWorker("hello"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  HttpClient client(muster.address());
  const auto response = client.Get("/hello/world");
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "Hello, world!\n");
}

TEST(Hello, GoesOnWithItsClientsAfterAReload) {
  RunningMaster muster(ExampleConfig("hello"), ExampleWorker("hello"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  HttpClient client(muster.address());
  ASSERT_TRUE(client.Get("/hello/world").has_value());
  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  ASSERT_TRUE(AwaitGeneration(muster, 2));
  const auto response = client.Get("/hello/again");
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->body, "Hello, again!\n");
}

}  // namespace
}  // namespace muster::tests
