#include "muster/master/events/zone_events.h"

#include <chrono>

#include "gtest/gtest.h"

namespace muster::master {
namespace {

admin::v1::Event EventOfKind(admin::v1::Event::Kind kind) {
  admin::v1::Event event;
  event.set_kind(kind);
  event.set_generation(3);
  event.set_text("what happened");
  return event;
}

TEST(ZoneEvents, TellWhatHappenedToAWorker) {
  worker::EventBoard board = {};
  ZoneEvents events(board);
  admin::v1::Event event = EventOfKind(admin::v1::Event::WORKER_CRASHED);
  event.mutable_worker()->set_index(1);
  event.mutable_worker()->set_pid(4711);
  events.Add(event);
  const auto read = worker::ReadEvents(board);
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].sequence, 1u);
  EXPECT_EQ(read[0].kind, admin::v1::Event::WORKER_CRASHED);
  EXPECT_EQ(read[0].generation, 3u);
  EXPECT_EQ(read[0].worker, 1u);
  EXPECT_EQ(read[0].pid, 4711);
  EXPECT_EQ(read[0].text, "what happened");
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  EXPECT_LE(read[0].time, now);
  EXPECT_GT(read[0].time, now - std::chrono::minutes(10));
}

TEST(ZoneEvents, TellNothingOfCallsAndOfOtherLinesOfTheLog) {
  worker::EventBoard board = {};
  ZoneEvents events(board);
  events.Add(EventOfKind(admin::v1::Event::CALL));
  events.Add(EventOfKind(admin::v1::Event::CALL_REFUSED));
  events.Add(EventOfKind(admin::v1::Event::LOG));
  EXPECT_TRUE(worker::ReadEvents(board).empty());
  events.Add(EventOfKind(admin::v1::Event::STATE_CHANGED));
  ASSERT_EQ(worker::ReadEvents(board).size(), 1u);
  EXPECT_FALSE(worker::ReadEvents(board)[0].worker.has_value());
}

TEST(ZoneEvents, GoOnInAnotherProgram) {
  worker::EventBoard board = {};
  ZoneEvents events(board);
  for (int i = 0; i < 70; ++i) events.Add(EventOfKind(admin::v1::Event::RELOAD_BEGUN));
  const auto before = worker::ReadEvents(board);
  ZoneEvents next(board);
  const absl::Status status = next.Restore(events.Save());
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(worker::ReadEvents(board), before);
  next.Add(EventOfKind(admin::v1::Event::REOPENED));
  EXPECT_EQ(worker::ReadEvents(board).back().sequence, 71u);
  const auto after = worker::ReadEvents(board);
  board.entries[8].sequence.store(0);
  next.StoreAgain();
  EXPECT_EQ(worker::ReadEvents(board), after);
}

TEST(ZoneEvents, RefuseAStateThatLacksSome) {
  worker::EventBoard board = {};
  ZoneEvents events(board);
  for (int i = 0; i < 3; ++i) events.Add(EventOfKind(admin::v1::Event::RELOAD_BEGUN));
  state::v1::ZoneEventsState state = events.Save();
  state.mutable_events()->RemoveLast();
  EXPECT_EQ(ZoneEvents(board).Restore(state).message(),
            "zone_events.events: are not the last ones");
}

}  // namespace
}  // namespace muster::master
