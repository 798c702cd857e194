#include "muster/worker/stream/stream_deadline.h"

#include <chrono>

#include "gtest/gtest.h"

namespace muster::worker {
namespace {

using std::chrono::seconds;
using Reason = StreamDeadline::Reason;

constexpr loop::TimePoint kStart = loop::TimePoint(seconds(1000));

class StreamDeadlineTest : public ::testing::Test {
 protected:
  void ExpectDeadline(Reason reason, seconds after_start) {
    const auto deadline = DeadlineOf(times_, settings_);
    ASSERT_TRUE(deadline.has_value());
    EXPECT_EQ(deadline->reason, reason);
    EXPECT_EQ(deadline->at - kStart, after_start);
  }
  void ExpectNone() { EXPECT_FALSE(DeadlineOf(times_, settings_).has_value()); }

  StreamSettings settings_ = {.idle_timeout = seconds(100),
                              .read_timeout = seconds(10),
                              .write_timeout = seconds(20),
                              .close_timeout = seconds(30)};
  StreamTimes times_ = {.last_activity = kStart};
};

TEST_F(StreamDeadlineTest, IsThatOfAnIdleClient) { ExpectDeadline(Reason::kIdle, seconds(100)); }

TEST_F(StreamDeadlineTest, IsThatOfInputWhoseRestIsAwaited) {
  times_.unread_since = kStart + seconds(1);
  times_.last_activity = kStart + seconds(9);  // a byte now and then buys no time
  ExpectDeadline(Reason::kRead, seconds(11));
}

TEST_F(StreamDeadlineTest, IsThatOfOutputThatAClientDoesNotTake) {
  times_.unread_since = kStart;  // it is not offered meanwhile
  times_.unsent_since = kStart + seconds(2);
  ExpectDeadline(Reason::kWrite, seconds(22));
}

TEST_F(StreamDeadlineTest, IsThatOfAnIdleClientWhereTheOtherIsLater) {
  times_.unsent_since = kStart + seconds(90);
  ExpectDeadline(Reason::kIdle, seconds(100));
}

TEST_F(StreamDeadlineTest, IsThatOfAClientThatIsClosed) {
  times_.unsent_since = kStart;
  times_.closing_since = kStart + seconds(5);
  ExpectDeadline(Reason::kClose, seconds(35));
}

TEST_F(StreamDeadlineTest, DoesNotPressASessionThatIsBusy) {
  times_.unread_since = kStart;
  times_.is_busy = true;
  ExpectNone();
  times_.unsent_since = kStart;
  ExpectDeadline(Reason::kWrite, seconds(20));
}

TEST_F(StreamDeadlineTest, IsNoneWithoutATimeout) {
  settings_ = {.close_timeout = seconds(30)};
  ExpectNone();
  times_.unread_since = kStart;
  ExpectNone();
  times_.unsent_since = kStart;
  ExpectNone();
}

}  // namespace
}  // namespace muster::worker
