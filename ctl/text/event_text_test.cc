#include "muster/ctl/text/event_text.h"

#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

using admin::v1::Event;

TEST(EventText, NamesKindsAsPeopleTypeThem) {
  EXPECT_EQ(KindName(Event::WORKER_CRASHED), "worker-crashed");
  EXPECT_EQ(KindName(static_cast<Event::Kind>(99)), "kind-99");
  EXPECT_EQ(KindOf("worker-crashed"), Event::WORKER_CRASHED);
  EXPECT_EQ(KindOf("WORKER_CRASHED"), Event::WORKER_CRASHED);
  EXPECT_FALSE(KindOf("kind-unspecified").has_value());
  EXPECT_FALSE(KindOf("crash").has_value());
}

TEST(EventText, IsOneLine) {
  Event event;
  event.set_number(17);
  event.mutable_time()->set_seconds(1'700'000'000);
  event.mutable_time()->set_nanos(5'000'000);
  event.set_kind(Event::LOG);
  event.set_text("two\nlines, and \x1b[2J");
  EXPECT_EQ(EventLine(event, absl::UTCTimeZone()),
            "2023-11-14 22:13:20.005     17  log                two | lines, and \\x1b[2J\n");
}

TEST(EventText, HasTheColourOfItsSeverity) {
  Event event;
  event.set_severity(Event::ERROR);
  EXPECT_EQ(ColourOf(event), Colour::kRed);
  event.set_severity(Event::INFO);
  EXPECT_EQ(ColourOf(event), Colour::kNone);
}

}  // namespace
}  // namespace muster::ctl
