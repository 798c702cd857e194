#include "muster/worker/http/handoff_state.h"

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
}

TEST(HandoffState, FitsAMessageWithTheMostThatIsUnread) {
  const std::string state = SerializeHandoffState(std::numeric_limits<std::uint32_t>::max(),
                                                  std::string(kMostUnreadBytes, 'x'));
  EXPECT_LE(state.size(), kMostHandoffStateBytes);
}

TEST(HandoffState, OfABrokenPeerIsAnError) {
  EXPECT_EQ(HandoffState::Parse("garbage").status(),
            absl::InvalidArgumentError("its state is no muster.worker.v1.HttpConnection"));
}

}  // namespace
}  // namespace muster::worker::http
