#include "muster/master/admin/report/zone_view.h"

#include <unistd.h>

#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/lock/semaphore.h"
#include "muster/ipc/zone/local/zone_mutex.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::master {
namespace {

using worker::UserZone;

class ZoneViewTest : public testing::Test {
 protected:
  ipc::ZoneReport Report() const { return ReportOf(zone_.zone()); }
  admin::v1::ListLocksResponse Locks(const admin::v1::ListLocksRequest& request = {}) const {
    LockList list(request, workers_);
    if (list.Wants("z")) list.Add("z", Report());
    return list.Take();
  }

  const UserZone masters_ = *UserZone::Create("z", 1 << 20);
  const UserZone zone_ = *UserZone::Attach("z", *ipc::DuplicateFd(masters_.memory_fd()),
                                           *ipc::DuplicateFd(masters_.bell_fd()));
  LockWorkers workers_;
};

TEST_F(ZoneViewTest, CountsTheObjectsByKind) {
  const auto mutex = *zone_.Get<ipc::ZoneMutex>("m");
  const auto number = *zone_.Get<std::uint64_t>("n");
  const auto other = *zone_.Get<std::uint64_t>("o");
  const admin::v1::Zone view = ViewOfZone(Report());
  EXPECT_EQ(view.objects(), 3u);
  ASSERT_EQ(view.kinds_size(), 2);
  EXPECT_EQ(view.kinds(0).kind(), "mutex");
  EXPECT_EQ(view.kinds(0).objects(), 1u);
  EXPECT_EQ(view.kinds(1).kind(), "plain");
  EXPECT_EQ(view.kinds(1).objects(), 2u);
  EXPECT_GE(view.object_bytes(), 16u);
  EXPECT_EQ(view.participants(), 1u);
  EXPECT_EQ(view.dead(), 0u);
  EXPECT_EQ(view.damaged(), 0u);
}

TEST_F(ZoneViewTest, TellsWhoHoldsALock) {
  workers_[::getpid()].set_index(3);
  const auto mutex = *zone_.Get<ipc::ZoneMutex>("m");
  EXPECT_EQ(Locks().locks(0).owners_size(), 0);
  ASSERT_EQ(mutex->Lock(), ipc::LockOutcome::kAcquired);
  const admin::v1::Lock lock = Locks().locks(0);
  EXPECT_EQ(lock.zone(), "z");
  EXPECT_EQ(lock.name(), "m");
  EXPECT_EQ(lock.kind(), "mutex");
  ASSERT_EQ(lock.owners_size(), 1);
  EXPECT_EQ(lock.owners(0).pid(), ::getpid());
  EXPECT_EQ(lock.owners(0).worker().index(), 3u);
  mutex->Unlock();
}

TEST_F(ZoneViewTest, ListsNothingButLocksOfTheZoneThatIsAskedFor) {
  const auto number = *zone_.Get<std::uint64_t>("n");
  EXPECT_EQ(Locks().locks_size(), 0);
  const auto mutex = *zone_.Get<ipc::ZoneMutex>("m");
  EXPECT_EQ(Locks().locks_size(), 1);
  admin::v1::ListLocksRequest request;
  request.set_zone("other");
  EXPECT_EQ(Locks(request).locks_size(), 0);
  request.set_zone("z");
  EXPECT_EQ(Locks(request).locks_size(), 1);
  request.set_in_use(true);
  EXPECT_EQ(Locks(request).locks_size(), 0);
}

TEST_F(ZoneViewTest, TellsHowOftenALockWasWaitedForAndRecovered) {
  const auto mutex = *zone_.Get<ipc::ZoneMutex>("m");
  const auto quiet = *zone_.Get<ipc::ZoneMutex>("quiet");
  const auto semaphore = *zone_.Get<ipc::Semaphore>("s", 1u);
  admin::v1::ListLocksRequest contended;
  contended.set_contended(true);
  EXPECT_EQ(Locks(contended).locks_size(), 0);
  ASSERT_EQ(mutex->Lock(), ipc::LockOutcome::kAcquired);
  EXPECT_EQ(Locks(contended).locks_size(), 1) << "it is in use";
  // A thread that waits, and one that ends within its section.
  std::thread waiting([&] { (void)mutex->Lock(); });
  while (Locks().locks(0).waits() == 0) std::this_thread::yield();
  ASSERT_TRUE(mutex->Unlock());
  waiting.join();
  ASSERT_EQ(mutex->Lock(), ipc::LockOutcome::kOwnerDied);
  mutex->MarkConsistent();
  ASSERT_TRUE(mutex->Unlock());
  const auto locks = Locks();
  ASSERT_EQ(locks.locks_size(), 3);
  EXPECT_EQ(locks.locks(0).waits(), 1u);
  EXPECT_EQ(locks.locks(0).recoveries(), 1u);
  EXPECT_TRUE(locks.locks(1).has_waits());
  EXPECT_EQ(locks.locks(1).waits() + locks.locks(1).recoveries(), 0u);
  EXPECT_FALSE(locks.locks(2).has_waits() || locks.locks(2).has_recoveries());
  ASSERT_EQ(Locks(contended).locks_size(), 1);
  EXPECT_EQ(Locks(contended).locks(0).name(), "m");
}

TEST_F(ZoneViewTest, CountsWhatItLeavesOut) {
  std::vector<std::shared_ptr<ipc::ZoneMutex>> mutexes;
  for (int i = 0; i < LockList::kMostLocks + 5; ++i) {
    mutexes.push_back(*zone_.Get<ipc::ZoneMutex>(absl::StrCat("m", i)));
  }
  const admin::v1::ListLocksResponse locks = Locks();
  EXPECT_EQ(locks.locks_size(), LockList::kMostLocks);
  EXPECT_EQ(locks.left_out(), 5u);
}

}  // namespace
}  // namespace muster::master
