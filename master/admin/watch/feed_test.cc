#include "muster/master/admin/watch/feed.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace muster::master {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class CountingReader : public Feed::Reader {
 public:
  void Look() override { ++looks; }
  void End() override { is_ended = true; }
  void AwaitLooks(int count) const {
    while (looks < count) std::this_thread::yield();
  }

  std::atomic<int> looks = 0;
  std::atomic<bool> is_ended = false;
};

class FeedTest : public ::testing::Test {
 protected:
  ~FeedTest() override { feed_.Close(); }
  std::shared_ptr<CountingReader> Join(Feed::Kind kind, Feed::Clock::duration interval) {
    auto reader = std::make_shared<CountingReader>();
    feed_.Join(reader, kind, interval);
    return reader;
  }

  Feed feed_;
};

TEST_F(FeedTest, HasANewReaderLookAtOnce) {
  const auto reader = Join(Feed::Kind::kTold, hours(1));
  reader->AwaitLooks(1);
}

TEST_F(FeedTest, HasAReaderLookAfterEachNewsIfItSaysSo) {
  const auto reader = Join(Feed::Kind::kTold, milliseconds(0));
  for (int i = 2; i < 20; ++i) {
    reader->AwaitLooks(i - 1);
    feed_.News();
    reader->AwaitLooks(i);
  }
}

TEST_F(FeedTest, DoesNotHaveAReaderLookBeforeItsIntervalIsOver) {
  const auto slow = Join(Feed::Kind::kTold, hours(1));
  const auto quick = Join(Feed::Kind::kTold, milliseconds(0));
  slow->AwaitLooks(1);
  quick->AwaitLooks(1);
  for (int i = 2; i < 20; ++i) {
    feed_.News();
    quick->AwaitLooks(i);
  }
  EXPECT_EQ(slow->looks, 1);
}

TEST_F(FeedTest, HasThoseLookTogetherWhoseIntervalIsTheSame) {
  std::vector<std::shared_ptr<CountingReader>> readers;
  for (int i = 0; i < 10; ++i) readers.push_back(Join(Feed::Kind::kTold, milliseconds(20)));
  for (const auto& reader : readers) reader->AwaitLooks(1);
  feed_.News();
  for (const auto& reader : readers) reader->AwaitLooks(2);
}

TEST_F(FeedTest, HasWhoPollsLookWithoutNews) {
  const auto reader = Join(Feed::Kind::kPolls, milliseconds(1));
  reader->AwaitLooks(5);
}

TEST_F(FeedTest, HasAReaderLookAgainThatAsksForIt) {
  const auto reader = Join(Feed::Kind::kTold, hours(1));
  reader->AwaitLooks(1);
  feed_.LookAgain(reader.get());
  reader->AwaitLooks(2);
}

TEST_F(FeedTest, ForgetsWhoLeaves) {
  const auto gone = Join(Feed::Kind::kTold, milliseconds(0));
  const auto other = Join(Feed::Kind::kTold, milliseconds(0));
  gone->AwaitLooks(1);
  feed_.Leave(gone.get());
  feed_.Leave(gone.get());
  EXPECT_EQ(gone.use_count(), 1);
  const int before = gone->looks;
  feed_.News();
  other->AwaitLooks(2);
  EXPECT_EQ(gone->looks, before);
}

TEST_F(FeedTest, EndsItsReadersAndThoseWhoComeLater) {
  const auto reader = Join(Feed::Kind::kTold, hours(1));
  feed_.Close();
  EXPECT_TRUE(reader->is_ended);
  EXPECT_TRUE(Join(Feed::Kind::kTold, hours(1))->is_ended);
  feed_.News();
}

TEST_F(FeedTest, IsUsedByManyThreads) {
  std::atomic<bool> is_over = false;
  std::thread news([&] {
    while (!is_over) feed_.News();
  });
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 50; ++j) {
        const auto reader = Join(Feed::Kind::kTold, milliseconds(j % 3));
        reader->AwaitLooks(1);
        feed_.LookAgain(reader.get());
        feed_.Leave(reader.get());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  is_over = true;
  news.join();
}

}  // namespace
}  // namespace muster::master
