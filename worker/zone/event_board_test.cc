#include "muster/worker/zone/event_board.h"

#include <atomic>
#include <cstring>
#include <memory>
#include <string>
#include <thread>

#include "gtest/gtest.h"

namespace muster::worker {
namespace {

ZoneEvent Numbered(std::uint64_t number) {
  return {.time = std::chrono::nanoseconds(number),
          .kind = static_cast<std::uint32_t>(number % 7),
          .generation = number,
          .worker = static_cast<std::uint32_t>(number),
          .pid = static_cast<pid_t>(number),
          .text = std::string(number % 200, static_cast<char>('a' + number % 26))};
}

TEST(EventBoard, TellsTheEventsInTheirOrder) {
  EventBoard board = {};
  EventWriter writer(board);
  EXPECT_TRUE(ReadEvents(board).empty());
  writer.Add({.time = std::chrono::seconds(5),
              .kind = 4,
              .generation = 2,
              .worker = 0,
              .pid = 4711,
              .text = "was killed by SIGSEGV"});
  writer.Add({.time = std::chrono::seconds(6), .kind = 13, .text = "PAUSED"});
  const auto events = ReadEvents(board);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0], (ZoneEvent{.sequence = 1,
                                  .time = std::chrono::seconds(5),
                                  .kind = 4,
                                  .generation = 2,
                                  .worker = 0,
                                  .pid = 4711,
                                  .text = "was killed by SIGSEGV"}));
  EXPECT_EQ(events[1].sequence, 2u);
  EXPECT_FALSE(events[1].worker.has_value());
}

TEST(EventBoard, KeepsTheLastOnes) {
  EventBoard board = {};
  EventWriter writer(board);
  for (std::uint64_t i = 1; i <= 100; ++i) writer.Add(Numbered(i));
  const auto events = ReadEvents(board);
  ASSERT_EQ(events.size(), kEventEntries);
  EXPECT_EQ(events.front().sequence, 37u);
  EXPECT_EQ(events.back().sequence, 100u);
  EXPECT_EQ(events.back().text, Numbered(100).text);
}

TEST(EventBoard, CutsTextsAndEscapesThem) {
  EventBoard board = {};
  EventWriter writer(board);
  writer.Add({.text = std::string(500, 'x')});
  writer.Add({.text = "first line\nsecond line"});
  writer.Add({.text = "\x1b[2J\xff"});
  const auto events = ReadEvents(board);
  EXPECT_EQ(events[0].text, std::string(216, 'x') + "...");
  EXPECT_EQ(events[1].text, "first line");
  EXPECT_EQ(events[2].text, "\\x1b[2J\\xff");
}

TEST(EventBoard, IsNeverReadAsAMixOfTwo) {
  EventBoard board = {};
  std::atomic<bool> is_over = false;
  std::thread thread([&] {
    EventWriter writer(board);
    for (std::uint64_t i = 1; !is_over.load(); ++i) writer.Add(Numbered(i));
  });
  for (int i = 0; i < 5000; ++i) {
    for (const ZoneEvent& event : ReadEvents(board)) {
      ZoneEvent expected = Numbered(event.sequence);
      expected.sequence = event.sequence;
      EXPECT_EQ(event, expected) << event.sequence;
    }
    if (testing::Test::HasFailure()) break;
  }
  is_over = true;
  thread.join();
}

TEST(EventBoard, IsStoredAgainWhereSomebodyDamagedIt) {
  EventBoard board = {};
  EventWriter writer(board);
  for (std::uint64_t i = 1; i <= 70; ++i) writer.Add(Numbered(i));
  const auto before = ReadEvents(board);
  std::memset(static_cast<void*>(&board), 0xff, sizeof(board));
  EXPECT_LE(ReadEvents(board).size(), kEventEntries);
  writer.Restore();
  EXPECT_EQ(ReadEvents(board), before);
  EventBoard empty = {};
  EventWriter idle(empty);
  std::memset(static_cast<void*>(&empty), 0xff, sizeof(empty));
  idle.Restore();
  EXPECT_TRUE(ReadEvents(empty).empty());
}

}  // namespace
}  // namespace muster::worker
