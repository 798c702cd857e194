#include "muster/worker/stream/stream_queue.h"

#include <array>
#include <optional>

#include "gtest/gtest.h"

namespace muster::worker {
namespace {

// Only their addresses are used.
class StreamQueueTest : public ::testing::Test {
 protected:
  static Stream* StreamAt(char& at) { return reinterpret_cast<Stream*>(&at); }

  std::array<char, 3> at_ = {};
  Stream* const a_ = StreamAt(at_[0]);
  Stream* const b_ = StreamAt(at_[1]);
  Stream* const c_ = StreamAt(at_[2]);
  StreamQueue::Place place_a_{a_};
  StreamQueue::Place place_b_{b_};
  StreamQueue::Place place_c_{c_};
  StreamQueue queue_;
};

TEST_F(StreamQueueTest, IsEmptyAtFirst) {
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(queue_.Pop(), nullptr);
}

TEST_F(StreamQueueTest, KeepsTheOrder) {
  queue_.Push(place_a_);
  queue_.Push(place_b_);
  queue_.Push(place_c_);
  EXPECT_FALSE(queue_.empty());
  EXPECT_EQ(queue_.Pop(), a_);
  EXPECT_EQ(queue_.Pop(), b_);
  EXPECT_EQ(queue_.Pop(), c_);
  EXPECT_TRUE(queue_.empty());
}

TEST_F(StreamQueueTest, LetsAnyOfThemLeave) {
  queue_.Push(place_a_);
  queue_.Push(place_b_);
  queue_.Push(place_c_);
  place_b_.Leave();
  place_b_.Leave();
  EXPECT_EQ(queue_.Pop(), a_);
  EXPECT_EQ(queue_.Pop(), c_);
  EXPECT_EQ(queue_.Pop(), nullptr);
}

TEST_F(StreamQueueTest, TakesOneThatIsInAnotherFromThere) {
  StreamQueue other;
  queue_.Push(place_a_);
  other.Push(place_a_);
  EXPECT_TRUE(queue_.empty());
  other.Push(place_a_);
  EXPECT_EQ(other.Pop(), a_);
  EXPECT_TRUE(other.empty());
}

TEST_F(StreamQueueTest, ForgetsOneThatIsDestroyed) {
  std::optional<StreamQueue::Place> gone(b_);
  queue_.Push(*gone);
  queue_.Push(place_c_);
  gone.reset();
  EXPECT_EQ(queue_.Pop(), c_);
  EXPECT_TRUE(queue_.empty());
}

TEST_F(StreamQueueTest, TakesAllOfAnother) {
  StreamQueue other;
  queue_.Push(place_a_);
  other.Push(place_b_);
  other.Push(place_c_);
  queue_.Append(other);
  EXPECT_TRUE(other.empty());
  EXPECT_EQ(queue_.Pop(), a_);
  EXPECT_EQ(queue_.Pop(), b_);
  EXPECT_EQ(queue_.Pop(), c_);
}

}  // namespace
}  // namespace muster::worker
