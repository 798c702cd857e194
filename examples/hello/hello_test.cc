// The whole program, by the test kit.

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "muster/worker/testkit/line_client.h"
#include "muster/worker/testkit/running_master.h"

namespace muster::examples {
namespace {

using worker::testkit::LineClient;
using worker::testkit::RunningMaster;

class HelloTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(master_.ok()) << master_.status(); }

  // The status line and the body of the answer to a request for the path.
  static std::string Get(LineClient& client, const std::string& path) {
    EXPECT_TRUE(client.SendBytes("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n"));
    const std::string status = client.Receive().value_or("none");
    client.ReceiveUntil("\r");  // the head ends with an empty line
    return status + client.Receive().value_or("nothing");
  }

  const absl::StatusOr<std::unique_ptr<RunningMaster>> master_ = RunningMaster::Start({
      .config = R"(
        worker_processes: 2
        listen { address: "127.0.0.1:0" }
        http { location { path: "/hello/" handler: "hello" } }
      )",
      .worker = "examples/hello/hello",
  });
};

TEST_F(HelloTest, GreetsWhoeverThePathNames) {
  LineClient client((*master_)->address());
  EXPECT_EQ(Get(client, "/hello/world"), "HTTP/1.1 200 OK\rHello, world!");
  EXPECT_EQ(Get(client, "/hello/you"), "HTTP/1.1 200 OK\rHello, you!");
}

TEST_F(HelloTest, GoesOnWithItsClientsAfterAReload) {
  LineClient client((*master_)->address());
  EXPECT_EQ(Get(client, "/hello/world"), "HTTP/1.1 200 OK\rHello, world!");
  ASSERT_TRUE((*master_)->Reload().ok());
  ASSERT_TRUE((*master_)->AwaitOldWorkersEnd().ok());
  EXPECT_EQ(Get(client, "/hello/again"), "HTTP/1.1 200 OK\rHello, again!");
}

}  // namespace
}  // namespace muster::examples
