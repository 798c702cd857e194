#include "muster/ctl/top/top_locks.h"

#include <string>

#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

using ::testing::IsEmpty;

void Take(TopLocks& locks, const std::string& text) {
  admin::v1::ListLocksResponse response;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &response)) << text;
  locks.Take(response);
}

std::string Text(const TopLocks& locks) { return absl::StrJoin(locks.Lines(10), "\n"); }

constexpr char kHeld[] = "locks { zone: 'z' name: 'm' kind: 'mutex' owners { slot: 3 } } ";
constexpr char kWaitedFor[] =
    "locks { zone: 'z' name: 'm' kind: 'mutex' owners { slot: 3 } has_waiters: true } ";
constexpr char kOrphan[] = "locks { name: 'accept_mutex' kind: 'mutex' owner_died: true } ";

TEST(TopLocks, AreNoneThatAreOnlyHeld) {
  TopLocks locks;
  Take(locks, kHeld);
  EXPECT_THAT(locks.Lines(10), IsEmpty());
}

TEST(TopLocks, CountTheLooksAtWhichSomebodyWaited) {
  TopLocks locks;
  Take(locks, kWaitedFor);
  Take(locks, kHeld);
  Take(locks, kWaitedFor);
  EXPECT_EQ(Text(locks),
            "LOCK  KIND     WAITED FOR  OWNERS DIED  HELD BY  STATE\n"
            "z/m   mutex  2 of 3 looks            0  slot 3   waited for");
}

TEST(TopLocks, StayWhenNobodyHasThemAnyMore) {
  TopLocks locks;
  Take(locks, kWaitedFor);
  Take(locks, "");
  EXPECT_EQ(Text(locks),
            "LOCK  KIND     WAITED FOR  OWNERS DIED  HELD BY  STATE\n"
            "z/m   mutex  1 of 2 looks            0  -        -");
}

TEST(TopLocks, CountADeathOnceUntilTheNextOwnerWasTold) {
  TopLocks locks;
  Take(locks, kOrphan);
  Take(locks, kOrphan);
  Take(locks, "");
  Take(locks, kOrphan);
  EXPECT_EQ(Text(locks),
            "LOCK          KIND     WAITED FOR  OWNERS DIED  HELD BY  STATE\n"
            "accept_mutex  mutex  0 of 4 looks            2  -        an owner died");
}

TEST(TopLocks, AreSortedByHowOftenTheyWereWaitedFor) {
  TopLocks locks;
  Take(locks, std::string(kOrphan) + kWaitedFor);
  ASSERT_EQ(locks.Lines(10).size(), 3u);
  EXPECT_THAT(locks.Lines(10)[1], testing::StartsWith("z/m"));
  EXPECT_EQ(locks.Lines(2).size(), 2u);
  EXPECT_THAT(locks.Lines(1), IsEmpty()) << "a title alone says nothing";
}

TEST(TopLocks, CannotCommandTheTerminal) {
  TopLocks locks;
  Take(locks, "locks { zone: 'z' name: '\\033[2J' has_waiters: true }");
  EXPECT_EQ(Text(locks).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace muster::ctl
