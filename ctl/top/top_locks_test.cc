#include "muster/ctl/top/top_locks.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// The answer at that second.
void Take(TopLocks& locks, double second, const std::string& text) {
  admin::v1::ListLocksResponse response;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &response)) << text;
  locks.Take(response, absl::Seconds(second));
}

std::string Text(const TopLocks& locks) { return absl::StrJoin(locks.Lines(10), "\n"); }

std::string Waited(int waits, const std::string& name = "m") {
  return absl::StrCat("locks { zone: 'z' name: '", name, "' kind: 'mutex' waits: ", waits,
                      " recoveries: 0 } ");
}
constexpr char kHeld[] =
    "locks { zone: 'z' name: 'm' kind: 'mutex' owners { slot: 3 } waits: 0 recoveries: 0 } ";
constexpr char kOrphan[] =
    "locks { name: 'accept_mutex' kind: 'mutex' owner_died: true waits: 0 recoveries: 2 } ";

TEST(TopLocks, AreNoneThatAreOnlyHeld) {
  TopLocks locks;
  Take(locks, 1, kHeld);
  EXPECT_THAT(locks.Lines(10), IsEmpty());
}

TEST(TopLocks, HaveNoRateAtTheFirstAnswer) {
  TopLocks locks;
  Take(locks, 1, Waited(700));
  EXPECT_EQ(Text(locks),
            "LOCK  KIND   WAITS/S  WAITS  RECOVERIES  HELD BY  STATE\n"
            "z/m   mutex        -    700           0  -        -");
}

TEST(TopLocks, ShowTheDifferenceInASecond) {
  TopLocks locks;
  Take(locks, 1, Waited(700));
  Take(locks, 3, Waited(1700));
  EXPECT_EQ(Text(locks),
            "LOCK  KIND   WAITS/S  WAITS  RECOVERIES  HELD BY  STATE\n"
            "z/m   mutex      500   1700           0  -        -");
  Take(locks, 7, Waited(1710));
  EXPECT_THAT(Text(locks), HasSubstr("mutex      2.5   1710 "));
}

TEST(TopLocks, CountFromZeroWhatIsNew) {
  TopLocks locks;
  Take(locks, 1, "");
  Take(locks, 2, Waited(40));
  EXPECT_THAT(Text(locks), HasSubstr("mutex       40     40 "));
}

TEST(TopLocks, HaveNoRateInAnotherZoneOfTheSameName) {
  TopLocks locks;
  Take(locks, 1, Waited(700));
  Take(locks, 2, Waited(5));
  EXPECT_THAT(Text(locks), HasSubstr("mutex        -      5 "));
}

TEST(TopLocks, HaveNoCountsIfTheMasterTellsNone) {
  TopLocks locks;
  const std::string old = "locks { name: 's' kind: 'semaphore' has_waiters: true }";
  Take(locks, 1, old);
  Take(locks, 2, old);
  EXPECT_EQ(Text(locks),
            "LOCK  KIND       WAITS/S  WAITS  RECOVERIES  HELD BY  STATE\n"
            "s     semaphore        -      -           -  -        waited for");
}

TEST(TopLocks, AreSortedByHowOftenTheyAreWaitedFor) {
  TopLocks locks;
  Take(locks, 1, kOrphan + Waited(900, "idle") + Waited(10, "busy"));
  Take(locks, 2, kOrphan + Waited(900, "idle") + Waited(20, "busy"));
  const std::vector<std::string> lines = locks.Lines(10);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_THAT(lines[1], StartsWith("z/busy"));
  EXPECT_THAT(lines[2], StartsWith("z/idle"));
  EXPECT_THAT(lines[3], AllOf(StartsWith("accept_mutex"), HasSubstr(" 2 "), HasSubstr("died")));
  EXPECT_EQ(locks.Lines(2).size(), 2u);
  EXPECT_THAT(locks.Lines(1), IsEmpty()) << "a title alone says nothing";
}

TEST(TopLocks, CannotCommandTheTerminal) {
  TopLocks locks;
  Take(locks, 1, "locks { zone: 'z' name: '\\033[2J' has_waiters: true }");
  EXPECT_EQ(Text(locks).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace muster::ctl
