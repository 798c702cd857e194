// What the exclusive locks for threads of a participant have in common.

#include <mutex>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/rw_lock.h"
#include "muster/ipc/lock/spinlock.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"
#include "muster/ipc/testing/threads.h"
#include "muster/ipc/zone/local/zone_mutex.h"
#include "muster/ipc/zone/local/zone_rw_lock.h"
#include "muster/ipc/zone/local/zone_spinlock.h"

namespace muster::ipc {
namespace {

struct OfMutex {
  using State = MutexState;
  using Lock = ZoneMutex;
  static Mutex Make(State* state, const Registry& registry, OwnerTag self) {
    return Mutex(state, registry, self);
  }
};
struct OfSpinlock {
  using State = SpinlockState;
  using Lock = ZoneSpinlock;
  static Spinlock Make(State* state, const Registry& registry, OwnerTag self) {
    return Spinlock(state, registry, self);
  }
};
struct OfRwLock {
  using State = RwLockState<TestZone::kCapacity>;
  using Lock = ZoneRwLock;
  static RwLock Make(State* state, const Registry& registry, OwnerTag self) {
    return RwLock::Create(state, registry, self).value();
  }
};

template <typename Of>
class Exclusion : public ::testing::Test {
 protected:
  auto As(OwnerTag self) { return Of::Make(state_, zone_.registry(), self); }

  TestZone zone_;
  typename Of::State* state_ = zone_.Place<typename Of::State>();
  const OwnerTag tag_ = zone_.Reserve(0);
};
using Locks = ::testing::Types<OfMutex, OfSpinlock, OfRwLock>;
TYPED_TEST_SUITE(Exclusion, Locks);

TYPED_TEST(Exclusion, IsOfTheThreadsOfSeveralProcesses) {
  constexpr int kEach = 5'000;
  int* const count = this->zone_.template Place<int>();
  const auto work = [&](OwnerTag tag) {
    typename TypeParam::Lock lock(this->As(tag));
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < kEach; ++k) {
          const std::lock_guard guard(lock);
          ++*count;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  };
  const OwnerTag theirs = this->zone_.Reserve(2);
  ForkedChild child([&] {
    work(theirs);
    return 0;
  });
  work(this->tag_);
  EXPECT_EQ(child.Join(), 0);
  EXPECT_EQ(*count, 6 * kEach);
}

TYPED_TEST(Exclusion, EndsWithTheThreadThatHoldsIt) {
  typename TypeParam::Lock lock(this->As(this->tag_));
  auto other = this->As(this->zone_.Reserve(1));
  EXPECT_EQ(InThread([&] { return lock.Lock(); }), LockOutcome::kAcquired);
  EXPECT_EQ(other.Lock(), LockOutcome::kOwnerDied);
  EXPECT_TRUE(other.Unlock());
}

TYPED_TEST(Exclusion, EndsWhenTheThreadThatHoldsItDestroysTheLock) {
  auto other = this->As(this->zone_.Reserve(1));
  {
    typename TypeParam::Lock passing(this->As(this->tag_));
    EXPECT_EQ(passing.Lock(), LockOutcome::kAcquired);
  }
  EXPECT_EQ(other.Lock(), LockOutcome::kOwnerDied);
}

}  // namespace
}  // namespace muster::ipc
