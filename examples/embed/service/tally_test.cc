// What one client gets, without processes and sockets.

#include "service/tally.h"

#include "gtest/gtest.h"
#include "muster/worker/testkit/fake_context.h"
#include "muster/worker/testkit/fake_stream.h"

namespace embed {
namespace {

using muster::worker::testkit::FakeContext;
using muster::worker::testkit::FakeStream;

TEST(Tally, AddsUpWhatEachClientSends) {
  FakeContext context;
  const auto tally = MakeTally(context);
  FakeStream client(context, **tally);
  FakeStream other(context, **tally);
  client.Send("4\n3");
  EXPECT_EQ(client.Receive(), "4\n");
  client.Send("8\n");
  EXPECT_EQ(client.Receive(), "42\n");
  other.Send("-1\n");
  EXPECT_EQ(other.Receive(), "-1\n");
}

TEST(Tally, EndsAClientThatSendsNoNumber) {
  FakeContext context;
  const auto tally = MakeTally(context);
  FakeStream client(context, **tally);
  client.Send("4\nfour\n");
  EXPECT_EQ(client.Receive(), "4\nno number\n");
  EXPECT_TRUE(client.has_ended());
}

TEST(Tally, GoesOnInAnotherWorker) {
  FakeContext context;
  const auto tally = MakeTally(context);
  FakeStream client(context, **tally);
  client.Send("40\n");
  ASSERT_EQ(client.Receive(), "40\n");
  context.Drain(**tally);
  EXPECT_EQ(client.suspended(), "40");

  const auto next = context.NewGeneration();
  const auto next_tally = MakeTally(*next);
  ASSERT_TRUE(client.Resume(*next, **next_tally).ok());
  client.Send("2\n");
  EXPECT_EQ(client.Receive(), "42\n");
}

TEST(Tally, RefusesAStateThatIsNoSum) {
  FakeContext context;
  const auto tally = MakeTally(context);
  FakeStream client(context, **tally);
  context.Drain(**tally);
  EXPECT_FALSE(client.ResumeFrom("?", context, **tally).ok());
  EXPECT_TRUE(client.has_ended());
}

}  // namespace
}  // namespace embed
