#include "muster/examples/whoami/whoami_session.h"

#include <memory>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "muster/worker/testkit/fake_context.h"
#include "muster/worker/testkit/fake_stream.h"

namespace muster::examples {
namespace {

using worker::testkit::FakeContext;
using worker::testkit::FakeStream;

worker::Origin Client() {
  return {.address = worker::PeerAddress(absl::string_view("\xc0\0\x02\x07", 4), 4711),
          .listener = "direct"};
}

TEST(WhoamiSession, TellsTheClientItsAddressAndItsListener) {
  FakeContext context;
  const auto service = MakeWhoami(context);
  FakeStream client(context, **service, Client());
  client.Send("?");
  EXPECT_EQ(client.Receive(), "192.0.2.7 by direct\n");
}

TEST(WhoamiSession, KnowsTheClientAfterAReload) {
  FakeContext context;
  const auto service = MakeWhoami(context);
  const std::unique_ptr<FakeContext> next = context.NewGeneration();
  const auto next_service = MakeWhoami(*next);
  FakeStream client(context, **service, Client());
  context.Drain(**service);
  ASSERT_TRUE(client.Resume(*next, **next_service).ok());
  client.Send("?");
  EXPECT_EQ(client.Receive(), "192.0.2.7 by direct\n");
}

}  // namespace
}  // namespace muster::examples
