#include "muster/worker/testkit/fake_stream.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/worker/stream/stream_service.h"
#include "muster/worker/testkit/fake_context.h"

namespace muster::worker::testkit {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

// Answers each line with its number; some lines are commands.
class Numbers : public Session {
 public:
  explicit Numbers(Stream& stream, int count = 0) : stream_(stream), count_(count) {}

  std::size_t OnInput(absl::string_view input) override {
    const std::size_t end = input.find('\n');
    if (end == input.npos) return 0;
    const absl::string_view line = input.substr(0, end);
    ++count_;
    if (line == "who") {
      stream_.Write(
          absl::StrCat(stream_.origin().address.ToString(), " by ", stream_.origin().listener));
    } else if (line == "pause") {
      stream_.Pause();
    } else if (line == "close") {
      stream_.Close();
    } else if (line == "pull") {
      pulled_ = 10;
      OnWritable();
    } else {
      stream_.Write(absl::StrCat(count_, "\n"));
    }
    return end + 1;
  }
  void OnInputEnd(Stream& stream) override {
    stream.Write("end\n");
    stream.Close();
  }
  void OnWritable() override {
    if (pulled_-- > 0) stream_.Write(std::string(100'000, 'x'));
  }
  void OnDrain() override { stream_.Write("drain\n"); }
  void OnQuit() override { stream_.Write("quit\n"); }
  std::string Suspend() override { return absl::StrCat(count_); }

 private:
  Stream& stream_;
  int count_;
  int pulled_ = 0;
};

class Counted : public Protocol {
 public:
  std::unique_ptr<Session> Begin(Stream& stream) override {
    return std::make_unique<Numbers>(stream);
  }
  absl::StatusOr<std::unique_ptr<Session>> Resume(Stream& stream, std::string state) override {
    int count = 0;
    if (!absl::SimpleAtoi(state, &count)) return absl::InvalidArgumentError("it is no number");
    return std::make_unique<Numbers>(stream, count);
  }
};

class FakeStreamTest : public ::testing::Test {
 protected:
  FakeContext context_{"stream { idle_timeout { seconds: 60 } }"};
  StreamService service_{context_, std::make_unique<Counted>()};
};

TEST_F(FakeStreamTest, HasWhatTheSessionWrites) {
  FakeStream client(context_, service_);
  EXPECT_EQ(client.Receive(), "");
  client.Send("a\nb");
  EXPECT_EQ(client.Receive(), "1\n");
  client.Send("\n");
  EXPECT_EQ(client.Receive(), "2\n");
  EXPECT_FALSE(client.has_ended());
  EXPECT_EQ(context_.connections(), 1u);
}

TEST_F(FakeStreamTest, EndsWithTheSession) {
  FakeStream client(context_, service_);
  client.Send("a\nclose\n");
  EXPECT_FALSE(client.has_ended()) << "something is to be received";
  EXPECT_EQ(client.Receive(), "1\n");
  EXPECT_TRUE(client.has_ended());
  EXPECT_EQ(context_.connections(), 0u);
}

TEST_F(FakeStreamTest, MayEndItsInputOrLeave) {
  FakeStream client(context_, service_);
  client.EndInput();
  EXPECT_EQ(client.Receive(), "end\n");
  FakeStream other(context_, service_);
  EXPECT_EQ(context_.connections(), 1u);
  other.Leave();
  EXPECT_EQ(context_.connections(), 0u);
  EXPECT_TRUE(other.has_ended());
}

TEST_F(FakeStreamTest, TakesNoOutputBeforeItReceives) {
  FakeStream client(context_, service_);
  client.Send("pull\n");
  EXPECT_EQ(client.ReceiveSome(3), "xxx");
  EXPECT_LT(context_.stats().bytes_sent.value(), 300'000u);
  EXPECT_EQ(client.Receive().size(), 1'000'000u - 3);
  client.Send("a\n");
  EXPECT_EQ(client.Receive(), "2\n");
}

TEST_F(FakeStreamTest, SendsWhatHasNoRoomLater) {
  FakeStream client(context_, service_);
  std::string lines = "pull\n";
  for (int i = 0; i < 500'000; ++i) lines += "a\n";
  client.Send(lines);
  client.EndInput();
  const std::string received = client.Receive();
  EXPECT_THAT(received.substr(received.size() - 20), HasSubstr("\n500001\nend\n"));
}

TEST_F(FakeStreamTest, IsWhoTheTestSays) {
  FakeStream client(
      context_, service_,
      {.address = PeerAddress(absl::string_view("\xc0\0\x02\x07", 4), 80), .listener = "public"});
  client.Send("who\n");
  EXPECT_EQ(client.Receive(), "192.0.2.7 by public");

  context_.Drain(service_);
  ASSERT_EQ(client.Receive(), "drain\n");
  const auto next = context_.NewGeneration();
  StreamService next_service(*next, std::make_unique<Counted>());
  ASSERT_TRUE(client.Resume(*next, next_service).ok());
  client.Send("who\n");
  EXPECT_EQ(client.Receive(), "192.0.2.7 by public") << "also in another worker";
}

TEST_F(FakeStreamTest, MovesWithStateAndUnreadInput) {
  FakeStream client(context_, service_);
  client.Send("a\nhalf a ");
  ASSERT_EQ(client.Receive(), "1\n");
  EXPECT_EQ(client.suspended(), std::nullopt);
  context_.Drain(service_);
  EXPECT_TRUE(context_.is_draining());
  EXPECT_EQ(client.suspended(), "1");

  const auto next = context_.NewGeneration();
  StreamService next_service(*next, std::make_unique<Counted>());
  EXPECT_TRUE(client.Resume(*next, next_service).ok());
  EXPECT_EQ(context_.connections(), 0u);
  EXPECT_EQ(next->connections(), 1u);
  client.Send("line\n");
  EXPECT_EQ(client.Receive(), "drain\n2\n");
}

// The kernel gives the numbers of closed descriptors to new ones.
TEST_F(FakeStreamTest, IsNotTakenForALaterClientOnceItHasEnded) {
  FakeStream first(context_, service_);
  FakeStream second(context_, service_);
  first.Send("close\n");
  second.Send("close\n");
  FakeStream later(context_, service_);
  context_.Drain(service_);
  EXPECT_EQ(first.suspended(), std::nullopt);
  EXPECT_EQ(second.suspended(), std::nullopt);
  EXPECT_TRUE(absl::IsFailedPrecondition(second.Resume(context_, service_)));
  EXPECT_EQ(later.suspended(), "0");
}

TEST_F(FakeStreamTest, StaysWhileItsSessionIsBusy) {
  FakeStream client(context_, service_);
  client.Send("pause\n");
  context_.Drain(service_);
  EXPECT_EQ(client.suspended(), std::nullopt);
  EXPECT_TRUE(absl::IsFailedPrecondition(client.Resume(context_, service_)));
}

TEST_F(FakeStreamTest, StaysWhileOthersHaveNoRoom) {
  FakeStream client(context_, service_);
  context_.SetHandoffRoom(false, service_);
  context_.Drain(service_);
  EXPECT_EQ(client.suspended(), std::nullopt);
  context_.SetHandoffRoom(true, service_);
  EXPECT_EQ(client.suspended(), "0");
}

TEST_F(FakeStreamTest, MayMoveWithAnotherState) {
  FakeStream client(context_, service_);
  FakeStream other(context_, service_);
  context_.Drain(service_);
  const auto next = context_.NewGeneration();
  StreamService next_service(*next, std::make_unique<Counted>());
  EXPECT_TRUE(client.ResumeFrom("41", *next, next_service).ok());
  client.Send("a\n");
  EXPECT_EQ(client.Receive(), "drain\n42\n");
  EXPECT_EQ(other.ResumeFrom("x", *next, next_service).message(), "it is no number");
  EXPECT_EQ(other.Receive(), "drain\n");
  EXPECT_TRUE(other.has_ended());
}

TEST_F(FakeStreamTest, EndsWhenNobodyServesAnyMore) {
  FakeStream client(context_, service_);
  context_.Quit(service_);
  EXPECT_EQ(client.Receive(), "drain\nquit\n");
  EXPECT_TRUE(client.has_ended());
}

TEST_F(FakeStreamTest, IsClosedByATimeout) {
  FakeStream client(context_, service_);
  context_.Advance(seconds(59));
  client.Send("a\n");
  EXPECT_EQ(client.Receive(), "1\n");
  context_.Advance(seconds(59));
  EXPECT_FALSE(client.has_ended());
  context_.Advance(seconds(1));
  EXPECT_TRUE(client.has_ended());
}

}  // namespace
}  // namespace muster::worker::testkit
