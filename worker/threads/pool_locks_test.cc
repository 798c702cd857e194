// Locks of a zone in threads of a pool.

#include <unistd.h>

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/zone/local/zone_mutex.h"
#include "muster/ipc/zone/local/zone_rw_lock.h"
#include "muster/loop/event_loop.h"
#include "muster/worker/threads/thread_pool.h"
#include "muster/worker/threads/thread_pool_fixture.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::worker {
namespace {

using ipc::LockOutcome;
using ::testing::HasSubstr;

constexpr std::uint64_t kZoneBytes = 1 << 18;

absl::StatusOr<UserZone> Attach(const UserZone& zone) {
  return UserZone::Attach(zone.name(), *ipc::DuplicateFd(zone.memory_fd()),
                          *ipc::DuplicateFd(zone.bell_fd()));
}

class PoolLocksTest : public testing::ThreadPoolTest {
 protected:
  ~PoolLocksTest() override { pool_.reset(); }

  const UserZone zone_ = *UserZone::Create("z", kZoneBytes);
};

// A worker, a thread of whose pool takes the mutex and keeps it. Told by a byte when it has.
int HoldInThread(const UserZone& zone, int told) {
  const auto taken_part = Attach(zone);
  if (!taken_part.ok()) return 1;
  const auto mutex = taken_part->Get<ipc::ZoneMutex>("mutex");
  if (!mutex.ok()) return 2;
  const auto loop = loop::EventLoop::Create();
  if (!loop.ok()) return 3;
  ThreadPool pool({1, 1}, {**loop, [](absl::string_view) {}});
  const auto task = pool.Submit([&](Task&) -> absl::Status {
    if ((*mutex)->Lock() != LockOutcome::kAcquired) ::_exit(4);
    if (::write(told, "x", 1) != 1) ::_exit(5);
    for (;;) ::pause();
  });
  if (!task.ok()) return 6;
  for (;;) ::pause();
}

TEST_F(PoolLocksTest, GoToTheNextOwnerWhenTheWorkerIsKilled) {
  int told[2];
  ASSERT_EQ(::pipe(told), 0);
  const ipc::UniqueFd ends[] = {ipc::UniqueFd(told[0]), ipc::UniqueFd(told[1])};
  ipc::ForkedChild worker([&] { return HoldInThread(zone_, told[1]); });
  char byte = 0;
  ASSERT_EQ(::read(told[0], &byte, 1), 1);
  const auto next = Attach(zone_);
  ASSERT_TRUE(next.ok()) << next.status();
  const auto mutex = *next->Get<ipc::ZoneMutex>("mutex");
  EXPECT_EQ(mutex->TryLock(), LockOutcome::kBusy);

  worker.Kill();
  zone_.BuryDead();

  EXPECT_EQ(mutex->TryLock(), LockOutcome::kOwnerDied);
  mutex->MarkConsistent();
  EXPECT_TRUE(mutex->Unlock());
}

TEST_F(PoolLocksTest, ExcludeTheThreadsAndTheLoop) {
  constexpr int kTasks = 200;
  Make(4, kTasks);
  const auto worker = Attach(zone_);
  ASSERT_TRUE(worker.ok()) << worker.status();
  const auto mutex = *worker->Get<ipc::ZoneMutex>("mutex");
  int count = 0;
  const auto add = [&] {
    const std::lock_guard lock(*mutex);
    ++count;
  };
  for (int i = 0; i < kTasks; ++i) {
    ASSERT_TRUE(pool_
                    ->Submit([&add](Task&) {
                      add();
                      return absl::OkStatus();
                    })
                    .ok());
    add();
  }
  RunUntilIdle();
  EXPECT_EQ(count, 2 * kTasks);
}

TEST_F(PoolLocksTest, AreAbandonedByWorkThatReturnsWithThem) {
  Make(1, 16);
  const auto worker = Attach(zone_);
  ASSERT_TRUE(worker.ok()) << worker.status();
  const auto mutex = *worker->Get<ipc::ZoneMutex>("mutex");
  ASSERT_TRUE(pool_
                  ->Submit(
                      [&](Task&) {
                        EXPECT_EQ(mutex->Lock(), LockOutcome::kAcquired);
                        return absl::OkStatus();
                      },
                      {.on_done = Note()})
                  .ok());
  RunUntilIdle();
  ASSERT_EQ(told_.size(), 1u);
  EXPECT_TRUE(absl::IsInternal(told_[0]));
  EXPECT_THAT(std::string(told_[0].message()), HasSubstr("held a lock of a zone"));
  EXPECT_EQ(mutex->Lock(), LockOutcome::kOwnerDied);
  mutex->MarkConsistent();
  EXPECT_TRUE(mutex->Unlock());
  // By another thread.
  ASSERT_TRUE(pool_->Submit([](Task&) { return absl::OkStatus(); }, {.on_done = Note()}).ok());
  RunUntilIdle();
  EXPECT_EQ(told_.back(), absl::OkStatus());
}

TEST_F(PoolLocksTest, AreAbandonedWhenTheyAreShared) {
  const auto worker = Attach(zone_);
  ASSERT_TRUE(worker.ok()) << worker.status();
  const auto lock = *worker->Get<ipc::ZoneRwLock>("lock");
  ASSERT_TRUE(pool_
                  ->Submit(
                      [&](Task&) {
                        EXPECT_EQ(lock->LockShared(), LockOutcome::kAcquired);
                        return absl::OkStatus();
                      },
                      {.on_done = Note()})
                  .ok());
  RunUntilIdle();
  EXPECT_TRUE(absl::IsInternal(told_.at(0)));
  EXPECT_TRUE(ipc::Holds(lock->Lock()));
  EXPECT_TRUE(lock->Unlock());
}

}  // namespace
}  // namespace muster::worker
