#include "muster/worker/http/handoff_state.h"

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

TEST(HandoffState, ArrivesAsItWasSent) {
  const std::string unread("GET /\0\xff", 7);
  const absl::StatusOr<HandoffState> state = HandoffState::Parse(SerializeHandoffState(7, unread));
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->requests, 7u);
  EXPECT_EQ(state->unread, unread);
  EXPECT_EQ(state->unread_since, loop::TimePoint()) << "it is not told";
}

TEST(HandoffState, TellsWhenTheUnreadBytesArrived) {
  const loop::TimePoint since{std::chrono::nanoseconds(123'456'789)};
  const auto state = HandoffState::Parse(SerializeHandoffState(7, "GET", since));
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->unread_since, since);
  const auto earlier = HandoffState::Parse(
      SerializeHandoffState(7, "GET", loop::TimePoint(std::chrono::nanoseconds(-5))));
  EXPECT_EQ(earlier->unread_since, loop::TimePoint());
}

TEST(HandoffState, FitsAMessageWithTheMostThatIsUnread) {
  const std::string state =
      SerializeHandoffState(std::numeric_limits<std::uint32_t>::max(),
                            std::string(kMostUnreadBytes, 'x'), loop::TimePoint::max());
  EXPECT_LE(state.size(), kMostHandoffStateBytes);
}

TEST(HandoffState, OfABrokenPeerIsAnError) {
  EXPECT_EQ(HandoffState::Parse("garbage").status(),
            absl::InvalidArgumentError("its state is no muster.worker.v1.HttpConnection"));
}

}  // namespace
}  // namespace muster::worker::http
