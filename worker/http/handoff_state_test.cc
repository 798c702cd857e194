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

v1::Origin Longest() {
  return SaveOrigin({.address = PeerAddress(std::string(16, 'a'), 65535),
                     .is_proxied = true,
                     .listener = std::string(64, 'x')});
}

TEST(HandoffState, TellsWhoTheClientIs) {
  const auto state = HandoffState::Parse(SerializeHandoffState(7, "GET", {}, Longest()));
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->origin.SerializeAsString(), Longest().SerializeAsString());
}

// By the kernel alone; that of older workers is as long.
TEST(HandoffState, HasNothingOfAClientOfWhichTheKernelTells) {
  EXPECT_EQ(SerializeHandoffState(7, "GET", {}, SaveOrigin(Origin())),
            SerializeHandoffState(7, "GET"));
}

TEST(HandoffState, ArrivesAsItWasSent) {
  const std::string unread("GET /\0\xff", 7);
  const absl::StatusOr<HandoffState> state = HandoffState::Parse(SerializeHandoffState(7, unread));
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->requests, 7u);
  EXPECT_EQ(state->unread, unread);
  EXPECT_EQ(state->times.unread_since, loop::TimePoint()) << "it is not told";
  EXPECT_EQ(state->times.deadline, loop::TimePoint());
  EXPECT_EQ(state->times.opened, loop::TimePoint());
}

TEST(HandoffState, TellsItsTimes) {
  const auto at = [](int nanoseconds) {
    return loop::TimePoint(std::chrono::nanoseconds(nanoseconds));
  };
  const auto state = HandoffState::Parse(SerializeHandoffState(
      7, "GET", {.unread_since = at(123'456'789), .deadline = at(5), .opened = at(6)}));
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->times.unread_since, at(123'456'789));
  EXPECT_EQ(state->times.deadline, at(5));
  EXPECT_EQ(state->times.opened, at(6));
  const auto earlier = HandoffState::Parse(SerializeHandoffState(
      7, "GET", {.unread_since = at(-5), .deadline = at(-6), .opened = at(-7)}));
  EXPECT_EQ(earlier->times.unread_since, loop::TimePoint());
  EXPECT_EQ(earlier->times.deadline, loop::TimePoint());
  EXPECT_EQ(earlier->times.opened, loop::TimePoint());
}

TEST(HandoffState, OfAWorkerOfTheVersionBeforeHasNoTimes) {
  // requests: 3, unread: "G"
  const auto state = HandoffState::Parse(std::string("\x08\x03\x12\x01G", 5));
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->requests, 3u);
  EXPECT_EQ(state->unread, "G");
  EXPECT_EQ(state->times.deadline, loop::TimePoint());
}

TEST(HandoffState, FitsAMessageWithTheMostThatIsUnread) {
  const std::string state = SerializeHandoffState(std::numeric_limits<std::uint32_t>::max(),
                                                  std::string(kMostUnreadBytes, 'x'),
                                                  {.unread_since = loop::TimePoint::max(),
                                                   .deadline = loop::TimePoint::max(),
                                                   .opened = loop::TimePoint::max()},
                                                  Longest());
  EXPECT_LE(state.size(), kMostHandoffStateBytes);
}

TEST(HandoffState, OfABrokenPeerIsAnError) {
  EXPECT_EQ(HandoffState::Parse("garbage").status(),
            absl::InvalidArgumentError("its state is no muster.worker.v1.HttpConnection"));
}

TEST(UpgradedState, IsReadBack) {
  const std::string state =
      UpgradedState{.handler = "chat", .state = std::string("a\0b", 3)}.Serialize();
  const auto parsed = UpgradedState::Parse(state);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->handler, "chat");
  EXPECT_EQ(parsed->state, std::string("a\0b", 3));
}

TEST(UpgradedState, IsNoHttpConnectionNorTheOtherWayRound) {
  // So a worker that does not know it refuses it.
  EXPECT_FALSE(HandoffState::Parse(UpgradedState{.handler = "h", .state = "s"}.Serialize()).ok());
  EXPECT_FALSE(UpgradedState::Parse(SerializeHandoffState(1, "GET")).has_value());
  EXPECT_FALSE(UpgradedState::Parse("").has_value());
  EXPECT_FALSE(UpgradedState::Parse(std::string("\0\5chat", 6)).has_value());
}

}  // namespace
}  // namespace muster::worker::http
