// The whole program, by the test kit: tests/origin_test.cc has the rest.

#include <memory>

#include "gtest/gtest.h"
#include "muster/worker/testkit/line_client.h"
#include "muster/worker/testkit/running_master.h"

namespace muster::examples {
namespace {

using worker::testkit::LineClient;
using worker::testkit::RunningMaster;

TEST(Whoami, TellsClientsDirectlyAndBehindAProxyWhoTheyAre) {
  const auto master = RunningMaster::Start({
      .config = R"(
        listen { address: "127.0.0.1:0" name: "direct" }
        listen {
          address: "127.0.0.1:0"
          name: "behind"
          proxy_protocol { from: "127.0.0.1" }
        }
        service {}
      )",
      .worker = "examples/whoami/whoami_stream",
  });
  ASSERT_TRUE(master.ok()) << master.status();
  LineClient direct((*master)->address(0));
  LineClient behind((*master)->address(1));
  ASSERT_TRUE(direct.Send("?"));
  EXPECT_EQ(direct.Receive(), "127.0.0.1 by direct");
  ASSERT_TRUE(behind.Send("PROXY TCP4 192.0.2.7 192.0.2.1 4711 80\r\n?"));
  EXPECT_EQ(behind.Receive(), "192.0.2.7 by behind");
  ASSERT_TRUE((*master)->Reload().ok());
  ASSERT_TRUE((*master)->AwaitOldWorkersEnd().ok());
  ASSERT_TRUE(behind.Send("?"));
  EXPECT_EQ(behind.Receive(), "192.0.2.7 by behind");
}

}  // namespace
}  // namespace muster::examples
