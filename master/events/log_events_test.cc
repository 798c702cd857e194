#include "muster/master/events/log_events.h"

#include <string>

#include "gtest/gtest.h"

namespace muster::master {
namespace {

TEST(EventOf, HasWhatTheCoreSaysOfAWorker) {
  const auto event = EventOf({Severity::kDebug, "text", Topic::kWorkerStarted, 3,
                              WorkerId{.index = 1, .slot = 5, .pid = 9}});
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->kind(), admin::v1::Event::WORKER_STARTED);
  EXPECT_EQ(event->severity(), admin::v1::Event::DEBUG);
  EXPECT_EQ(event->text(), "text");
  EXPECT_EQ(event->generation(), 3u);
  EXPECT_EQ(event->worker().index(), 1u);
  EXPECT_EQ(event->worker().slot(), 5u);
  EXPECT_EQ(event->worker().pid(), 9);
}

TEST(EventOf, HasNoWorkerIfTheLineIsOfNone) {
  const auto event = EventOf({Severity::kInfo, "text", Topic::kGenerationServes, 3});
  ASSERT_TRUE(event.has_value());
  EXPECT_FALSE(event->has_worker());
}

TEST(EventOf, LeavesOutWhatIsNoNews) {
  EXPECT_FALSE(EventOf({Severity::kInfo, "pausing"}).has_value());
  EXPECT_EQ(EventOf({Severity::kWarning, "x"})->kind(), admin::v1::Event::LOG);
}

TEST(LogEvents, AreTheWarningsOfTheLogAtAnyLevel) {
  Log log;
  config::v1::Log config;
  config.set_level(config::v1::Log::ERROR);
  ASSERT_TRUE(log.Configure(config).ok());
  EventRing ring;
  {
    const LogEvents events(log, ring);
    log.Write(Severity::kInfo, "info");
    log.Write(Severity::kWarning, "warning");
    log.WriteUnheard(Severity::kWarning, "told otherwise");
  }
  log.Write(Severity::kWarning, "after it");
  const EventRing::Batch batch = ring.Read(1, 10);
  ASSERT_EQ(batch.events.size(), 1u);
  EXPECT_EQ(batch.events[0]->text(), "warning");
  EXPECT_EQ(batch.events[0]->kind(), admin::v1::Event::LOG);
}

}  // namespace
}  // namespace muster::master
