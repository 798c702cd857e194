#include "muster/ipc/zone/zone_watch.h"

#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"
#include "muster/ipc/zone/zone.h"

namespace muster::ipc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ZoneWatchTest : public ::testing::Test {
 protected:
  // Takes part until it is killed.
  int TakePart() {
    const auto self = zone_->Join();
    if (!self.ok()) return 1;
    const auto mutex = zone_->Get<ZoneMutex>("lock");
    if (!mutex.ok() || (*mutex)->Lock() != LockOutcome::kAcquired) return 2;
    ready_->Open();
    never_->Await();
    return 0;
  }
  bool IsReadable(const ZoneWatch& watch, int milliseconds) const {
    pollfd poll = {watch.fd(), POLLIN, 0};
    return ::poll(&poll, 1, milliseconds) == 1;
  }
  ParticipantState StateOf(std::uint32_t slot) const { return zone_->registry().Read(slot)->state; }
  OwnerTag TagOf(pid_t pid) const {
    for (std::uint32_t slot = 0; slot < zone_->registry().capacity(); ++slot) {
      const auto record = *zone_->registry().Read(slot);
      if (record.state == ParticipantState::kLive && record.pid == pid) return record.tag;
    }
    return OwnerTag();
  }

  TestZone page_;
  Gate* ready_ = page_.Place<Gate>();
  Gate* never_ = page_.Place<Gate>();
  const absl::StatusOr<Zone> zone_ = Zone::Create(ZonePlace::Memfd("watched"));
};

TEST_F(ZoneWatchTest, BuriesTheDeadAsTheKernelTellsOfThem) {
  ForkedChild child([&] { return TakePart(); });
  ready_->Await();
  const OwnerTag tag = TagOf(child.pid());
  auto watch = ZoneWatch::Create(*zone_);
  ASSERT_TRUE(watch.ok()) << watch.status();
  EXPECT_FALSE(IsReadable(*watch, 0));
  EXPECT_THAT(watch->BuryDead(), IsEmpty());
  child.Kill();
  EXPECT_TRUE(IsReadable(*watch, 60'000));
  EXPECT_THAT(watch->BuryDead(), ElementsAre(tag));
  EXPECT_EQ(StateOf(tag.slot()), ParticipantState::kFree);
  EXPECT_FALSE(IsReadable(*watch, 0));
}

TEST_F(ZoneWatchTest, WatchesThoseWhoCameLaterOnceItIsToldToLook) {
  auto watch = ZoneWatch::Create(*zone_);
  ASSERT_TRUE(watch.ok()) << watch.status();
  ForkedChild child([&] { return TakePart(); });
  ready_->Await();
  const auto watched = watch->Refresh();
  ASSERT_TRUE(watched.ok()) << watched.status();
  EXPECT_EQ(*watched, 1);
  child.Kill();
  EXPECT_TRUE(IsReadable(*watch, 60'000));
}

TEST_F(ZoneWatchTest, BuriesWhoDiedBeforeItCame) {
  ForkedChild child([&] { return TakePart(); });
  ready_->Await();
  const OwnerTag tag = TagOf(child.pid());
  child.Kill();
  ASSERT_TRUE(ZoneWatch::Create(*zone_).ok());
  EXPECT_EQ(StateOf(tag.slot()), ParticipantState::kFree);
}

TEST_F(ZoneWatchTest, ForgetsWhoLeftAndWatchesTheNextInTheSlot) {
  ForkedChild leaver([&] { return zone_->Join().ok() ? 0 : 1; });
  ASSERT_EQ(leaver.Join(), 0);
  auto watch = ZoneWatch::Create(*zone_);
  ASSERT_TRUE(watch.ok()) << watch.status();
  EXPECT_EQ(*watch->Refresh(), 0);
  ForkedChild child([&] { return TakePart(); });
  ready_->Await();
  EXPECT_EQ(*watch->Refresh(), 1);
}

TEST_F(ZoneWatchTest, BuriesWhoseDeathAnotherFoundAndDidNotBury) {
  ForkedChild child([&] { return TakePart(); });
  ready_->Await();
  const OwnerTag tag = TagOf(child.pid());
  auto watch = ZoneWatch::Create(*zone_);
  ASSERT_TRUE(watch.ok()) << watch.status();
  // As after an exec, by which the process does not end, by a finder that was killed.
  zone_->registry().MarkDead(tag);
  ASSERT_TRUE(watch->Refresh().ok());
  EXPECT_EQ(StateOf(tag.slot()), ParticipantState::kFree);
}

TEST_F(ZoneWatchTest, RunsInAThread) {
  const auto thread = ZoneWatchThread::Start(*zone_);
  ASSERT_TRUE(thread.ok()) << thread.status();
  ForkedChild child([&] { return TakePart(); });
  ready_->Await();
  const OwnerTag tag = TagOf(child.pid());
  child.Kill();
  const Deadline deadline = Deadline::After(absl::Seconds(60));
  while (StateOf(tag.slot()) != ParticipantState::kFree) ASSERT_FALSE(deadline.has_passed());
}

}  // namespace
}  // namespace muster::ipc
