#include "muster/worker/stream/stream_state.h"

#include <chrono>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/proto/handoff.pb.h"
#include "muster/worker/runtime/connection.h"

namespace muster::worker {
namespace {

using std::chrono::nanoseconds;

TEST(StreamState, IsReadAsItWasWritten) {
  StreamState state;
  state.session = "s";
  state.unread = "u";
  state.unsent = "o";
  state.output_ended = true;
  state.input_ended = true;
  state.last_activity = loop::TimePoint(nanoseconds(1));
  state.unread_since = loop::TimePoint(nanoseconds(2));
  state.unsent_since = loop::TimePoint(nanoseconds(3));
  const auto read = StreamState::Parse(state.Serialize());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->session, "s");
  EXPECT_EQ(read->unread, "u");
  EXPECT_EQ(read->unsent, "o");
  EXPECT_TRUE(read->output_ended);
  EXPECT_TRUE(read->input_ended);
  EXPECT_EQ(read->last_activity, state.last_activity);
  EXPECT_EQ(read->unread_since, state.unread_since);
  EXPECT_EQ(read->unsent_since, state.unsent_since);
}

TEST(StreamState, IsNeverLargerThanWhatFits) {
  StreamState state;
  state.session = std::string(100'000, 's');
  state.unread = std::string(20'000'000, 'u');
  state.output_ended = state.input_ended = true;
  state.last_activity = state.unread_since = state.unsent_since = loop::TimePoint::max();
  const std::size_t bytes = state.Serialize().size();
  EXPECT_FALSE(FitsHandoff({.session = 100'000, .unread = 20'000'000}, bytes - 1));
}

TEST(StreamState, RefusesWhatIsNone) {
  EXPECT_EQ(StreamState::Parse("\xff").status(),
            absl::InvalidArgumentError("its state is no muster.worker.v1.StreamState"));
}

TEST(StreamState, RefusesMoreThanAnyConfigurationAllows) {
  v1::StreamState message;
  message.set_unread(std::string((16 << 20) + 1, 'u'));
  EXPECT_EQ(StreamState::Parse(message.SerializeAsString()).status(),
            absl::InvalidArgumentError(
                "its state has 16777217 bytes of unread, expected at most 16777216"));
}

TEST(StreamState, TakesTimesBeforeTheClockBeganForNone) {
  v1::StreamState message;
  message.set_last_activity(-5);
  EXPECT_EQ(StreamState::Parse(message.SerializeAsString())->last_activity, loop::TimePoint());
}

TEST(StreamState, FitsAnOlderWorkerWithinItsBoundsOnly) {
  constexpr std::size_t kMessage = kMostHandoffStateBytes;
  constexpr std::size_t kUnread = 16 << 10;
  constexpr std::size_t kUnsent = 32 << 10;
  EXPECT_TRUE(FitsHandoff({.session = 15'000, .unread = kUnread, .unsent = kUnsent}, kMessage));
  EXPECT_FALSE(FitsHandoff({.session = 17'000, .unread = kUnread, .unsent = kUnsent}, kMessage));
  EXPECT_FALSE(FitsHandoff({.unread = kUnread + 1}, kMessage));
  EXPECT_FALSE(FitsHandoff({.unsent = kUnsent + 1}, kMessage));
  EXPECT_FALSE(FitsHandoff({.has_ended_side = true}, kMessage));
}

TEST(StreamState, FitsAWorkerOfThisVersionWithAnyPart) {
  EXPECT_TRUE(FitsHandoff(
      {.session = 16 << 20, .unread = 16 << 20, .unsent = 64 << 20, .has_ended_side = true},
      kMostHandoffMemoryBytes));
}

}  // namespace
}  // namespace muster::worker
