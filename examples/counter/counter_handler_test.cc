// The handler within the HTTP service, without processes.

#include "muster/examples/counter/counter_handler.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/worker/http/http_service.h"
#include "muster/worker/testkit/fake_context.h"
#include "muster/worker/testkit/fake_stream.h"

namespace muster::examples {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using worker::testkit::FakeContext;
using worker::testkit::FakeStream;

class CounterHandlerTest : public ::testing::Test {
 protected:
  std::string Ask(const std::string& method, const std::string& path,
                  const std::string& body = "") {
    FakeStream client(context_, *service_);
    client.Send(absl::StrCat(method, " ", path, " HTTP/1.1\r\nHost: test\r\nContent-Length: ",
                             body.size(), "\r\n\r\n", body));
    return client.Receive();
  }

  FakeContext context_{R"(
    zone { name: "counters" size_bytes: 65536 }
    metrics {}
    http { location { path: "/counter/" handler: "counter" } }
  )"};
  const std::unique_ptr<worker::Service> service_ =
      *worker::http::MakeHttpService(context_, {{"counter", MakeCounterHandler}});
};

TEST_F(CounterHandlerTest, AddsAndTells) {
  EXPECT_THAT(Ask("POST", "/counter/a", "41"),
              AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("\r\n\r\n41\n")));
  EXPECT_THAT(Ask("POST", "/counter/a"), EndsWith("\r\n\r\n42\n"));
  EXPECT_THAT(Ask("GET", "/counter/a"), EndsWith("\r\n\r\n42\n"));
  EXPECT_THAT(Ask("GET", "/counter/b"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Ask("PUT", "/counter/a"),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET, HEAD, POST\r\n")));
  EXPECT_THAT(Ask("POST", "/counter/a", "many"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(CounterHandlerTest, CountsWhatItAddsAndRefuses) {
  Ask("POST", "/counter/a");
  Ask("POST", "/counter/a");
  Ask("POST", absl::StrCat("/counter/", std::string(100, 'a')));
  EXPECT_THAT(context_.MetricsText(),
              AllOf(HasSubstr("\ncounter_changes_total{outcome=\"added\"} 2\n"),
                    HasSubstr("\ncounter_changes_total{outcome=\"refused\"} 1\n")));
}

}  // namespace
}  // namespace muster::examples
