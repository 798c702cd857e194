#include "muster/ctl/top/top_view.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Workers 0 to `count` - 1 with pids from 100 on; those with less numbers have more requests.
v1::Status StatusOf(int count) {
  v1::Status status;
  status.mutable_master()->set_state(v1::Master::RUNNING);
  status.mutable_master()->set_worker_processes(count);
  for (int i = 0; i < count; ++i) {
    v1::Worker* worker = status.add_workers();
    worker->set_index(i);
    worker->set_pid(100 + i);
    worker->set_state(i == 1 ? v1::Worker::GAVE_UP : v1::Worker::SERVING);
    worker->mutable_counters()->set_requests(1000 - i);
  }
  return status;
}

TopView ViewOf(int count) {
  TopView view("web");
  view.TakeStatus(StatusOf(count), absl::Seconds(1));
  return view;
}

std::string TextOf(const std::vector<TopLine>& lines) {
  std::string text;
  for (const TopLine& line : lines) absl::StrAppend(&text, line.text, "\n");
  return text;
}

// The pids from top to bottom.
std::vector<int> PidsOf(const TopView& view) {
  std::vector<int> pids;
  for (const TopLine& line : view.Screen(200, 40)) {
    for (int pid = 100; pid < 110; ++pid) {
      if (absl::StrContains(line.text, absl::StrCat("  ", pid, "  "))) pids.push_back(pid);
    }
  }
  return pids;
}

TEST(TopView, FillsAnyScreenExactly) {
  const TopView view = ViewOf(30);
  for (const std::size_t height : {0u, 1u, 3u, 5u, 24u, 100u}) {
    for (const std::size_t width : {0u, 1u, 20u, 80u, 300u}) {
      const auto lines = view.Screen(width, height);
      EXPECT_EQ(lines.size(), height);
      for (const TopLine& line : lines) EXPECT_LE(line.text.size(), width);
    }
  }
}

TEST(TopView, ShowsTheMasterAndTheWorkers) {
  EXPECT_THAT(TextOf(ViewOf(2).Screen(120, 24)),
              AllOf(StartsWith("web  running"), HasSubstr("workers 1/2"), HasSubstr("+WORKER"),
                    HasSubstr("gave up"), HasSubstr("q quit")));
}

TEST(TopView, SortsByAnyColumnAndTheOtherWayRound) {
  TopView view = ViewOf(3);
  EXPECT_EQ(PidsOf(view), (std::vector<int>{100, 101, 102}));
  view.Type('r');
  EXPECT_EQ(PidsOf(view), (std::vector<int>{102, 101, 100}));
  view.Type('r');
  // The columns on the left of the first are the last ones: SERVES and REQUESTS.
  view.Type('<');
  view.Type('<');
  EXPECT_EQ(PidsOf(view), (std::vector<int>{102, 101, 100}));
  for (int i = 0; i < 6; ++i) view.Type('>');
  EXPECT_THAT(TextOf(view.Screen(120, 24)), HasSubstr("+STATE"));
  EXPECT_EQ(PidsOf(view), (std::vector<int>{101, 100, 102}));
}

TEST(TopView, ShowsTheRatesOnANarrowScreen) {
  const std::string text = TextOf(ViewOf(2).Screen(80, 24));
  EXPECT_THAT(text, AllOf(HasSubstr("+WORKER"), HasSubstr("STATE"), HasSubstr("CPU%"),
                          HasSubstr("REQ/S"), HasSubstr("P50"), HasSubstr("P99")));
  EXPECT_THAT(text, AllOf(Not(HasSubstr("SLOT")), Not(HasSubstr("RESTARTS"))));
}

TEST(TopView, ShowsTheColumnOfTheOrderHoweverNarrowTheScreen) {
  TopView view = ViewOf(2);
  view.Type('>');
  view.Type('>');
  EXPECT_THAT(TextOf(view.Screen(30, 24)), HasSubstr("+SLOT"));
}

TEST(TopView, ShowsMoreOnAWideScreen) {
  v1::Status status = StatusOf(2);
  status.mutable_workers(0)->mutable_request()->set_method("GET");
  status.mutable_workers(0)->mutable_request()->set_path("/slow");
  TopView view("web");
  view.TakeStatus(status, absl::Seconds(1));
  EXPECT_THAT(TextOf(view.Screen(160, 24)),
              AllOf(HasSubstr("SLOT"), HasSubstr("RESTARTS"), HasSubstr("GET /slow for 0ms")));
}

TEST(TopView, ShowsWhatTheFilterLetsThrough) {
  TopView view = ViewOf(3);
  for (const char character : std::string("/GAVE")) view.Type(character);
  EXPECT_THAT(TextOf(view.Screen(120, 24)), HasSubstr("filter: GAVE_"));
  EXPECT_EQ(PidsOf(view), (std::vector<int>{101}));
  view.Press(TopView::Key::kEnter);
  view.Type('q');
  EXPECT_TRUE(view.is_over()) << "after Enter a letter is a command again";
  view.Press(TopView::Key::kEscape);
  EXPECT_EQ(PidsOf(view).size(), 3u);
}

TEST(TopView, TakesCommandLettersIntoTheFilterWhileItIsTyped) {
  TopView view = ViewOf(3);
  view.Type('/');
  view.Type('q');
  EXPECT_FALSE(view.is_over());
  view.Press(TopView::Key::kBackspace);
  EXPECT_EQ(PidsOf(view).size(), 3u);
}

TEST(TopView, KeepsTheSelectedWorkerOnTheScreen) {
  TopView view = ViewOf(30);
  for (int i = 0; i < 100; ++i) view.Press(TopView::Key::kDown);
  const auto lines = view.Screen(120, 12);
  EXPECT_THAT(TextOf(lines), AllOf(HasSubstr("  129  "), Not(HasSubstr("  100  "))));
  view.TakeStatus(StatusOf(2), absl::Seconds(2));
  EXPECT_THAT(TextOf(view.Screen(120, 12)), HasSubstr("  101  "));
}

TEST(TopView, FreezesAndGoesOn) {
  TopView view = ViewOf(2);
  view.Type(' ');
  view.TakeStatus(StatusOf(5), absl::Seconds(2));
  EXPECT_EQ(PidsOf(view).size(), 2u);
  EXPECT_THAT(TextOf(view.Screen(120, 24)), HasSubstr("FROZEN"));
  view.Type(' ');
  view.TakeStatus(StatusOf(5), absl::Seconds(3));
  EXPECT_EQ(PidsOf(view).size(), 5u);
}

TEST(TopView, ShowsTheLastEvents) {
  TopView view = ViewOf(1);
  for (int i = 0; i < 100; ++i) {
    v1::Event event;
    event.set_number(i);
    event.set_text(absl::StrCat("event ", i));
    view.TakeEvent(event);
  }
  EXPECT_THAT(TextOf(view.Screen(120, 24)),
              AllOf(HasSubstr("event 99"), HasSubstr("event 94"), Not(HasSubstr("event 50"))));
}

TEST(TopView, HoldsEventsBackWhileItIsFrozen) {
  TopView view = ViewOf(1);
  v1::Event event;
  event.set_text("something");
  view.Type(' ');
  view.TakeEvent(event);
  EXPECT_THAT(TextOf(view.Screen(120, 24)), Not(HasSubstr("something")));
  view.Type(' ');
  EXPECT_THAT(TextOf(view.Screen(120, 24)), HasSubstr("something"));
}

TEST(TopView, KeepsTheWorkerSelectedThatIs) {
  TopView view = ViewOf(3);
  view.Press(TopView::Key::kDown);
  const auto selected = [&view] {
    for (const TopLine& line : view.Screen(120, 24)) {
      if (line.is_reverse && !absl::StrContains(line.text, "WORKER")) return line.text;
    }
    return std::string();
  };
  EXPECT_THAT(selected(), HasSubstr("  101  "));
  view.Type('>');
  view.Type('r');
  view.Type('<');
  view.Type('<');
  EXPECT_THAT(selected(), HasSubstr("  101  ")) << "in another order";
  v1::Status status = StatusOf(4);
  status.mutable_workers()->SwapElements(1, 3);
  view.TakeStatus(status, absl::Seconds(2));
  EXPECT_THAT(selected(), HasSubstr("  101  ")) << "in another row";
}

TEST(TopView, ShowsTheWholeSummaryOnANarrowScreen) {
  const TopView view = ViewOf(2);
  for (const std::size_t width : {30u, 80u, 200u}) {
    const std::string text = TextOf(view.Screen(width, 24));
    for (const char* part : {"requests ", "p50 ", "p99 ", "connections ", "crashes ", "refused)"}) {
      EXPECT_THAT(text, HasSubstr(part)) << width;
    }
  }
}

TEST(TopView, SaysWhyTheSelectedWorkerEndedOrHangs) {
  TopView view("web");
  v1::Status status = StatusOf(2);
  status.mutable_workers(1)->mutable_last_words()->set_text("check failed: it is open");
  view.TakeStatus(status, absl::Seconds(1));
  EXPECT_THAT(TextOf(view.Screen(120, 24)), Not(HasSubstr("check failed")));
  view.Press(TopView::Key::kDown);
  EXPECT_THAT(TextOf(view.Screen(120, 24)), HasSubstr("check failed: it is open"));
  status.mutable_workers(1)->mutable_hang()->set_process("is stopped by a signal");
  view.TakeStatus(status, absl::Seconds(2));
  EXPECT_THAT(TextOf(view.Screen(120, 24)),
              AllOf(HasSubstr("is stopped by a signal"), Not(HasSubstr("check failed"))));
}

TEST(TopView, ShowsLocksThatSomebodyWaitsFor) {
  TopView view = ViewOf(2);
  v1::ListLocksResponse locks;
  v1::Lock* const lock = locks.add_locks();
  lock->set_zone("sessions");
  lock->set_name("table");
  view.TakeLocks(locks, absl::Seconds(1));
  EXPECT_THAT(TextOf(view.Screen(120, 40)), Not(HasSubstr("sessions/table"))) << "nobody waits";
  lock->set_waits(48);
  view.TakeLocks(locks, absl::Seconds(3));
  EXPECT_THAT(TextOf(view.Screen(120, 40)),
              AllOf(HasSubstr("WAITS/S"), HasSubstr("sessions/table"), HasSubstr(" 24 ")));
  EXPECT_THAT(view.Text(), HasSubstr("sessions/table"));
  EXPECT_THAT(PidsOf(view), testing::SizeIs(2));
  for (const std::size_t height : {0u, 5u, 10u}) EXPECT_EQ(view.Screen(80, height).size(), height);
}

TEST(TopView, ShowsTheGenerationsDuringAReload) {
  TopView view("web");
  v1::Status status = StatusOf(3);
  status.mutable_workers(0)->set_generation(1);
  view.TakeStatus(status, absl::Seconds(1));
  EXPECT_THAT(TextOf(view.Screen(120, 24)), HasSubstr("generation 1: 1 serving; generation 0: "));
  EXPECT_THAT(TextOf(ViewOf(3).Screen(120, 24)), Not(HasSubstr("generation 0:")));
}

TEST(TopView, TellsWhyNothingComes) {
  TopView view = ViewOf(1);
  view.SetTrouble("the connection was lost");
  EXPECT_THAT(TextOf(view.Screen(120, 24)), HasSubstr("! the connection was lost"));
  view.SetTrouble("");
  EXPECT_THAT(TextOf(view.Screen(120, 24)), Not(HasSubstr("lost")));
}

TEST(TopView, AsksAboutTheSelectedWorkerAndSendsAfterYes) {
  TopView view = ViewOf(3);
  view.Press(TopView::Key::kDown);
  view.Press(TopView::Key::kDown);
  view.Type('D');
  EXPECT_THAT(TextOf(view.Screen(120, 24)),
              HasSubstr("\ndrain worker 2 (generation 0, pid 102)? y/n\n"));
  v1::Status status = StatusOf(3);
  status.mutable_workers()->SwapElements(0, 2);
  view.TakeStatus(status, absl::Seconds(2));
  view.Type('y');
  EXPECT_EQ(view.TakeOrder()->number, 2u);
  EXPECT_THAT(TextOf(view.Screen(120, 24)), HasSubstr("\ndraining worker 2 "));
  EXPECT_EQ(view.order_under_way()->pid, 102);
}

TEST(TopView, TakesAnyOtherKeyForNoAndDoesNothingElse) {
  using Key = TopView::Key;
  TopView view = ViewOf(3);
  for (const Key key : {Key::kDown, Key::kEnter, Key::kEscape, Key::kOther}) {
    view.Type('R');
    view.Press(key);
    EXPECT_THAT(TextOf(view.Screen(120, 24)), HasSubstr("\nrestart worker 0 "));
    EXPECT_THAT(TextOf(view.Screen(120, 24)), HasSubstr(": nothing was sent"));
  }
  for (const char character : std::string("nYqRDh ")) {
    view.Type('R');
    view.Type(character);
    EXPECT_THAT(TextOf(view.Screen(120, 24)), HasSubstr(": nothing was sent")) << character;
  }
  EXPECT_FALSE(view.TakeOrder().has_value());
  EXPECT_FALSE(view.is_over());
  view.Type('R');
  view.Press(Key::kInterrupt);
  EXPECT_TRUE(view.is_over()) << "Ctrl-C is a no, and quits";
  EXPECT_FALSE(view.TakeOrder().has_value());
}

TEST(TopView, SendsNothingIfTheWorkerWasReplacedBehindAFrozenScreen) {
  TopView view = ViewOf(1);
  view.Type(' ');
  view.Type('R');
  v1::Status status = StatusOf(1);
  status.mutable_workers(0)->set_pid(109);
  view.TakeStatus(status, absl::Seconds(2));
  view.Type('y');
  EXPECT_FALSE(view.TakeOrder().has_value());
  EXPECT_THAT(TextOf(view.Screen(120, 24)), HasSubstr("it was replaced by pid 109"));
}

TEST(TopView, SelectsNothingBehindAFilterThatLetsNothingThrough) {
  TopView view = ViewOf(3);
  for (const char character : std::string("/nothing")) view.Type(character);
  view.Press(TopView::Key::kEnter);
  view.Type('R');
  EXPECT_THAT(TextOf(view.Screen(120, 24)),
              AllOf(HasSubstr("\nno worker is selected\n"), HasSubstr("\nfilter: nothing\n")));
}

TEST(TopView, TakesCommandsForWorkersIntoTheFilterWhileItIsTyped) {
  TopView view = ViewOf(1);
  for (const char character : std::string("/R")) view.Type(character);
  EXPECT_THAT(TextOf(view.Screen(120, 24)), HasSubstr("filter: R_"));
}

TEST(TopView, ShowsALongOutcomeOnSeveralLines) {
  TopView view = ViewOf(1);
  view.Type('D');
  view.Type('y');
  view.TakeOutcome(
      {.unsent = "", .answer = absl::PermissionDeniedError("this\x1b is not for you")});
  EXPECT_THAT(TextOf(view.Screen(50, 24)),
              HasSubstr("\ndrain worker 0 (generation 0, pid 100): this\\x1b\nis not for you\n"));
  for (const std::size_t height : {0u, 1u, 3u, 5u}) {
    EXPECT_EQ(view.Screen(20, height).size(), height);
  }
}

TEST(TopView, HasAPageOfHelp) {
  TopView view = ViewOf(1);
  view.Type('h');
  EXPECT_THAT(TextOf(view.Screen(120, 24)),
              AllOf(HasSubstr("sort by another column"), HasSubstr("R   restart the selected"),
                    HasSubstr("D   drain the selected")));
  view.Type('x');
  EXPECT_THAT(TextOf(view.Screen(120, 24)), Not(HasSubstr("sort by another column")));
}

TEST(TopView, CannotCommandTheTerminal) {
  TopView view("web\x1b[2J");
  view.TakeStatus(StatusOf(1), absl::Seconds(1));
  v1::Event event;
  event.set_text("\x1b[2J");
  view.TakeEvent(event);
  view.SetTrouble("\x1b[2J");
  EXPECT_THAT(TextOf(view.Screen(120, 24)), Not(HasSubstr("\x1b")));
  EXPECT_THAT(view.Text(), Not(HasSubstr("\x1b")));
}

TEST(TopView, IsATextWithoutATerminal) {
  EXPECT_THAT(ViewOf(30).Text(), AllOf(HasSubstr("+WORKER"), HasSubstr("  129  ")));
}

}  // namespace
}  // namespace muster::ctl
