#include <string>

#include "gtest/gtest.h"
#include "muster/examples/echo/echo.h"
#include "muster/worker/testkit/fake_context.h"
#include "muster/worker/testkit/fake_stream.h"

namespace muster::examples {
namespace {

// [echo test]
using worker::testkit::FakeContext;
using worker::testkit::FakeStream;

TEST(EchoSession, SendsBackWhatItGets) {
  FakeContext context;
  const auto service = MakeEcho(context);
  FakeStream client(context, **service);
  client.Send("hello");
  EXPECT_EQ(client.Receive(), "hello");
  EXPECT_FALSE(client.has_ended());
  client.EndInput();
  EXPECT_TRUE(client.has_ended());
}
// [end]

TEST(EchoSession, SendsBackMoreThanTheClientTakesAtOnce) {
  FakeContext context;
  const auto service = MakeEcho(context);
  FakeStream client(context, **service);
  const std::string much(3'000'000, 'x');
  client.Send(much);
  EXPECT_EQ(client.Receive(), much);
}

}  // namespace
}  // namespace muster::examples
