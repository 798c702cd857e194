#include "muster/ipc/lock/internal/sleep_mark.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/ipc/lock/event.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/once.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/rw_lock.h"
#include "muster/ipc/lock/semaphore.h"
#include "muster/ipc/lock/spinlock.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc::internal {
namespace {

// Whether `call` makes a system call: a process that makes one is killed.
bool MakesSystemCall(const std::function<void()>& call) {
  ForkedChild child([&] {
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) return 1;
    call();
    // Not exit_group, which is forbidden, too.
    ::syscall(SYS_exit, 0);
    return 1;
  });
  const int end = child.Join();
  EXPECT_TRUE(end == 0 || end == -SIGKILL) << end;
  return end == -SIGKILL;
}

// The primitives that have a mark, in the memory of one test.
struct Locks {
  MutexState mutex;
  OnceState once;
  RwLockState<TestZone::kCapacity> rw_lock;
  SemaphoreState<1> semaphore;
  EventState event;
};

struct Primitive {
  std::string name;
  std::function<void(Locks&, OwnerTag dead)> recover;
  // Sleeps as long as another participant holds the lock.
  std::function<void(Locks&, const TestZone&, OwnerTag self)> use;
};

void PrintTo(const Primitive& primitive, std::ostream* out) { *out << primitive.name; }

const Primitive kPrimitives[] = {
    {"Mutex", [](Locks& locks, OwnerTag dead) { locks.mutex.Recover(dead); },
     [](Locks& locks, const TestZone& zone, OwnerTag self) {
       (void)Mutex(&locks.mutex, zone.registry(), self).Lock();
     }},
    {"Once", [](Locks& locks, OwnerTag dead) { locks.once.Recover(dead); },
     [](Locks& locks, const TestZone& zone, OwnerTag self) {
       Once(&locks.once, zone.registry(), self)
           .Call([](bool) { return absl::InternalError("not yet"); })
           .IgnoreError();
     }},
    {"RwLockWriter", [](Locks& locks, OwnerTag dead) { locks.rw_lock.Recover(dead); },
     [](Locks& locks, const TestZone& zone, OwnerTag self) {
       RwLock lock = *RwLock::Create(&locks.rw_lock, zone.registry(), self);
       if (Holds(lock.Lock())) lock.Unlock();
     }},
    {"RwLockReader", [](Locks& locks, OwnerTag dead) { locks.rw_lock.Recover(dead); },
     [](Locks& locks, const TestZone& zone, OwnerTag self) {
       RwLock lock = *RwLock::Create(&locks.rw_lock, zone.registry(), self);
       if (Holds(lock.LockShared())) lock.UnlockShared();
     }},
    {"Semaphore", [](Locks& locks, OwnerTag dead) { locks.semaphore.Recover(dead); },
     [](Locks& locks, const TestZone& zone, OwnerTag self) {
       Semaphore semaphore = *Semaphore::Create(&locks.semaphore, zone.registry(), self);
       if (const auto permit = semaphore.Acquire()) semaphore.Release(*permit);
     }},
    {"Event", [](Locks& locks, OwnerTag dead) { locks.event.Recover(dead); },
     [](Locks& locks, const TestZone& zone, OwnerTag) {
       const auto is_held = [&] { return locks.mutex.word.load() != kUnlockedWord; };
       Event(&locks.event, zone.registry()).Await([&] { return !is_held(); });
     }},
};

class SleepMarkTest : public ::testing::TestWithParam<Primitive> {
 protected:
  bool RecoveryMakesSystemCall() {
    return MakesSystemCall([&] { GetParam().recover(locks_, dead_); });
  }
  // All of them, in the other participant's name.
  void HoldAll() {
    locks_.mutex.word = holder_.bits();
    locks_.once.word = holder_.bits();
    locks_.rw_lock.writer.word = holder_.bits();
    locks_.semaphore.owners[0] = holder_.bits();
  }
  void Use() { GetParam().use(locks_, zone_, self_); }

  TestZone zone_;
  Locks& locks_ = *zone_.Place<Locks>();
  OwnerTag self_ = zone_.Reserve(0);
  OwnerTag holder_ = zone_.Reserve(1);
  OwnerTag dead_ = zone_.Reserve(2);
};

TEST_P(SleepMarkTest, SparesARecoveryTheSystemCallWhereNobodyEverSlept) {
  Use();
  EXPECT_FALSE(RecoveryMakesSystemCall());
}

TEST_P(SleepMarkTest, StaysWhereSomebodySlept) {
  HoldAll();
  ForkedChild sleeper([&] {
    Use();
    return 0;
  });
  AwaitFutexSleep(sleeper.pid());
  sleeper.Kill();
  EXPECT_TRUE(RecoveryMakesSystemCall());
  EXPECT_TRUE(RecoveryMakesSystemCall());
}

INSTANTIATE_TEST_SUITE_P(All, SleepMarkTest, ::testing::ValuesIn(kPrimitives),
                         [](const auto& info) { return info.param.name; });

// A writer that waits for a reader sleeps on the reader's word.
TEST(SleepMarkOfAReader, IsTheLocks) {
  TestZone zone;
  auto* const state = zone.Place<RwLockState<TestZone::kCapacity>>();
  RwLock reader = *RwLock::Create(state, zone.registry(), zone.Reserve(0));
  ASSERT_EQ(reader.LockShared(), LockOutcome::kAcquired);
  const OwnerTag tag = zone.Reserve(1);
  ForkedChild writer(
      [&] { return static_cast<int>(RwLock::Create(state, zone.registry(), tag)->Lock()); });
  AwaitFutexSleep(writer.pid());
  EXPECT_TRUE(state->writer.slept.IsSet());
}

TEST(SleepMark, IsNotNeededWhereNobodySleeps) {
  TestZone zone;
  auto* const state = zone.Place<SpinlockState>();
  const OwnerTag dead = zone.Reserve(0);
  state->word = dead.bits();
  EXPECT_FALSE(MakesSystemCall([&] { state->Recover(dead); }));
  EXPECT_FALSE(MakesSystemCall([&] { state->Recover(dead); }));
}

}  // namespace
}  // namespace muster::ipc::internal
