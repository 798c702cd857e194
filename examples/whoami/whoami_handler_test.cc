// The handler within the HTTP service, without processes.

#include "muster/examples/whoami/whoami_handler.h"

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/worker/http/http_service.h"
#include "muster/worker/testkit/fake_context.h"
#include "muster/worker/testkit/fake_stream.h"

namespace muster::examples {
namespace {

using ::testing::EndsWith;
using worker::testkit::FakeContext;
using worker::testkit::FakeStream;

class WhoamiHandlerTest : public ::testing::Test {
 protected:
  std::string AnswerTo(const worker::Origin& origin) {
    FakeStream client(context_, *service_, origin);
    client.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    return client.Receive();
  }

  FakeContext context_{R"(http { location { path: "/" handler: "whoami" } })"};
  const std::unique_ptr<worker::Service> service_ =
      *worker::http::MakeHttpService(context_, {{"whoami", worker::http::AnswerWith(Whoami)}});
};

TEST_F(WhoamiHandlerTest, TellsTheClientItsAddressAndItsListener) {
  EXPECT_THAT(AnswerTo({.address = worker::PeerAddress(absl::string_view("\xc0\0\x02\x07", 4), 1),
                        .listener = "behind"}),
              EndsWith("\r\n\r\n192.0.2.7 by behind\n"));
}

TEST_F(WhoamiHandlerTest, TellsAClientOfAUnixSocketItsUser) {
  EXPECT_THAT(AnswerTo({.listener = "local", .credentials = worker::PeerCredentials{1, 1000, 100}}),
              EndsWith(" by local, uid 1000\n"));
}

}  // namespace
}  // namespace muster::examples
