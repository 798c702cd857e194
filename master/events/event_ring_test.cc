#include "muster/master/events/event_ring.h"

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

void Add(EventRing& ring, const std::string& text) {
  admin::v1::Event event;
  event.set_text(text);
  ring.Add(std::move(event));
}

std::vector<std::string> TextsOf(const EventRing::Batch& batch) {
  std::vector<std::string> texts;
  for (const auto& event : batch.events) {
    texts.push_back(absl::StrCat(event->number(), " ", event->text()));
  }
  return texts;
}

TEST(EventRing, NumbersItsEventsFromOne) {
  EventRing ring;
  EXPECT_EQ(ring.next(), 1u);
  Add(ring, "a");
  Add(ring, "b");
  const EventRing::Batch batch = ring.Read(1, 10);
  EXPECT_THAT(TextsOf(batch), ElementsAre("1 a", "2 b"));
  EXPECT_EQ(batch.next, 3u);
  EXPECT_EQ(batch.missed, 0u);
  EXPECT_GT(batch.events[0]->time().seconds(), 0);
}

TEST(EventRing, GoesOnWhereAReaderStopped) {
  EventRing ring;
  for (const char* text : {"a", "b", "c"}) Add(ring, text);
  const EventRing::Batch first = ring.Read(1, 2);
  EXPECT_THAT(TextsOf(first), ElementsAre("1 a", "2 b"));
  EXPECT_THAT(TextsOf(ring.Read(first.next, 2)), ElementsAre("3 c"));
  EXPECT_THAT(ring.Read(4, 2).events, IsEmpty());
}

TEST(EventRing, TellsASlowReaderHowMuchItMissed) {
  EventRing ring(3);
  for (const char* text : {"a", "b", "c", "d", "e"}) Add(ring, text);
  const EventRing::Batch batch = ring.Read(1, 10);
  EXPECT_THAT(TextsOf(batch), ElementsAre("3 c", "4 d", "5 e"));
  EXPECT_EQ(batch.missed, 2u);
}

TEST(EventRing, TakesANumberThatIsNotGivenYetForTheNext) {
  EventRing ring;
  Add(ring, "a");
  const EventRing::Batch batch = ring.Read(1000, 10);
  EXPECT_THAT(batch.events, IsEmpty());
  EXPECT_EQ(batch.next, 2u);
  EXPECT_EQ(batch.missed, 0u);
}

TEST(EventRing, MakesEachTextFitToBeTold) {
  EventRing ring;
  Add(ring, absl::StrCat("\xff\x1b[1m\n", std::string(5000, 'x')));
  const std::string text = ring.Read(1, 1).events[0]->text();
  EXPECT_TRUE(absl::StartsWith(text, "\\xff\\x1b[1m\nxxx")) << text.substr(0, 20);
  EXPECT_EQ(text.size(), EventRing::kMostTextBytes);
}

TEST(EventRing, HasAnotherNameInEachRun) {
  EXPECT_EQ(EventRing().instance().size(), 16u);
  EXPECT_NE(EventRing().instance(), EventRing().instance());
}

TEST(EventRing, TakesEventsOfManyThreads) {
  EventRing ring(100);
  std::atomic<int> heard = 0;
  ring.SetListener([&] { ++heard; });
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 500; ++j) {
        Add(ring, "x");
        ring.Read(1, 10);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(heard, 2000);
  const EventRing::Batch batch = ring.Read(1, 1000);
  EXPECT_EQ(batch.next, 2001u);
  EXPECT_EQ(batch.missed, 1900u);
  EXPECT_EQ(batch.events.front()->number(), 1901u);
}

TEST(EventRing, GoesOnInAnotherProgramWithItsNumbers) {
  EventRing ring(3);
  for (const char* text : {"a", "b", "c", "d"}) Add(ring, text);
  EventRing next(3);
  int observed = 0;
  next.SetObserver([&](const admin::v1::Event&) { ++observed; });
  const absl::Status status = next.Restore(ring.Save());
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(next.instance(), ring.instance());
  EXPECT_EQ(observed, 0);
  Add(next, "e");
  EXPECT_EQ(observed, 1);
  const EventRing::Batch batch = next.Read(1, 10);
  EXPECT_THAT(TextsOf(batch), ElementsAre("3 c", "4 d", "5 e"));
  EXPECT_EQ(batch.missed, 2u);
}

TEST(EventRing, RefusesAStateWithAGap) {
  EventRing ring;
  for (const char* text : {"a", "b"}) Add(ring, text);
  state::v1::EventRingState state = ring.Save();
  EventRing next;
  const auto restore = [&] { return std::string(next.Restore(state).message()); };
  state.mutable_events(0)->set_number(7);
  EXPECT_EQ(restore(), "events.events[0].number: is 7; there is a gap");
  state.set_next(2);
  EXPECT_EQ(restore(), "events.next: is 2 after 2 events");
  state.clear_instance();
  EXPECT_EQ(restore(), "events.instance: is missing");
}

}  // namespace
}  // namespace muster::master
