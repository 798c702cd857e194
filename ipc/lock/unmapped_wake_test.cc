// The last thing that an unlock does is the wake, and by then the next owner may have unmapped the
// memory: it is the next owner's to do so.

#include <dlfcn.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cstdarg>
#include <functional>
#include <new>
#include <utility>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "muster/ipc/lock/event.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/once.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/rw_lock.h"
#include "muster/ipc/lock/semaphore.h"
#include "muster/ipc/testing/test_zone.h"

namespace {

// Runs once, before the next FUTEX_WAKE.
std::function<void()> before_wake;

}  // namespace

// In front of libc's: what other threads would do at that moment, at that moment.
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
extern "C" long syscall(long number, ...) noexcept {
  using Call = long (*)(long, ...);
  static const auto real = reinterpret_cast<Call>(::dlsym(RTLD_NEXT, "syscall"));
  va_list list;
  va_start(list, number);
  long arguments[6];
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  if (number == SYS_futex && arguments[1] == FUTEX_WAKE && before_wake != nullptr) {
    std::exchange(before_wake, nullptr)();
  }
  return real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
              arguments[5]);
}

namespace muster::ipc {
namespace {

constexpr std::size_t kBytes = 4096;

class UnmappedWake : public ::testing::Test {
 protected:
  UnmappedWake()
      : memory_(::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
        first_(zone_.Reserve(0)),
        next_(zone_.Reserve(1)) {}

  // In the middle of the call that follows: after it gave the thing away, the next one does `first`
  // with it, and unmaps the memory.
  void UnmapAtTheWake(std::function<void()> first) {
    before_wake = [this, first = std::move(first)] {
      first();
      EXPECT_EQ(::munmap(memory_, kBytes), 0);
      is_unmapped_ = true;
    };
  }

  bool is_unmapped_ = false;
  TestZone zone_;
  void* memory_;
  OwnerTag first_;
  OwnerTag next_;
};

TEST_F(UnmappedWake, OfAMutexWhoseNextOwnerUnmapsItIsNoError) {
  auto* state = new (memory_) MutexState();
  Mutex first(state, zone_.registry(), first_);
  Mutex next(state, zone_.registry(), next_);
  ASSERT_EQ(first.Lock(), LockOutcome::kAcquired);
  // As the next one leaves it when it goes to sleep.
  state->word |= OwnerTag::kWaiters;
  UnmapAtTheWake([&] { EXPECT_EQ(next.Lock(), LockOutcome::kAcquired); });
  EXPECT_TRUE(first.Unlock());
  EXPECT_TRUE(is_unmapped_);
}

TEST_F(UnmappedWake, OfAnOnceWhoseNextCallerUnmapsItIsNoError) {
  auto* state = new (memory_) OnceState();
  Once first(state, zone_.registry(), first_);
  UnmapAtTheWake([&] { EXPECT_TRUE(Once(state, zone_.registry(), next_).is_done()); });
  EXPECT_TRUE(first
                  .Call([&](bool) {
                    state->word |= OwnerTag::kWaiters;
                    return absl::OkStatus();
                  })
                  .ok());
  EXPECT_TRUE(is_unmapped_);
}

TEST_F(UnmappedWake, OfAnRwLockWhoseNextWriterUnmapsItIsNoError) {
  auto* state = new (memory_) RwLockState<2>();
  RwLock first = RwLock::Create(state, zone_.registry(), first_).value();
  RwLock next = RwLock::Create(state, zone_.registry(), next_).value();
  ASSERT_EQ(first.Lock(), LockOutcome::kAcquired);
  state->writer.word |= OwnerTag::kWaiters;
  UnmapAtTheWake([&] { EXPECT_EQ(next.Lock(), LockOutcome::kAcquired); });
  EXPECT_TRUE(first.Unlock());
  EXPECT_TRUE(is_unmapped_);
}

// As a thread leaves it that ends within its section.
TEST_F(UnmappedWake, OfAnAbandonedMutexWhoseNextOwnerUnmapsItIsNoError) {
  auto* state = new (memory_) MutexState();
  Mutex first(state, zone_.registry(), first_);
  Mutex next(state, zone_.registry(), next_);
  ASSERT_EQ(first.Lock(), LockOutcome::kAcquired);
  state->word |= OwnerTag::kWaiters;
  UnmapAtTheWake([&] {
    EXPECT_EQ(next.Lock(), LockOutcome::kOwnerDied);
    EXPECT_EQ(state->counts.recoveries(), 1u);
  });
  EXPECT_TRUE(first.Abandon());
  EXPECT_TRUE(is_unmapped_);
}

TEST_F(UnmappedWake, OfAnAbandonedRwLockWhoseNextWriterUnmapsItIsNoError) {
  auto* state = new (memory_) RwLockState<2>();
  RwLock first = RwLock::Create(state, zone_.registry(), first_).value();
  RwLock next = RwLock::Create(state, zone_.registry(), next_).value();
  ASSERT_EQ(first.Lock(), LockOutcome::kAcquired);
  state->writer.word |= OwnerTag::kWaiters;
  UnmapAtTheWake([&] {
    EXPECT_EQ(next.Lock(), LockOutcome::kOwnerDied);
    EXPECT_EQ(state->writer.counts.recoveries(), 1u);
  });
  EXPECT_TRUE(first.Abandon());
  EXPECT_TRUE(is_unmapped_);
}

TEST_F(UnmappedWake, OfTheWriterThatUnmapsAnRwLockIsNoError) {
  auto* state = new (memory_) RwLockState<2>();
  RwLock reader = RwLock::Create(state, zone_.registry(), first_).value();
  ASSERT_EQ(reader.LockShared(), LockOutcome::kAcquired);
  // As it is while a writer waits for this reader.
  state->writer.word = next_.bits();
  UnmapAtTheWake([&] { EXPECT_EQ(state->readers[first_.slot()].word, 0u); });
  EXPECT_TRUE(reader.UnlockShared());
  EXPECT_TRUE(is_unmapped_);
}

TEST_F(UnmappedWake, OfASemaphoreWhoseNextHolderUnmapsItIsNoError) {
  auto* state = new (memory_) SemaphoreState<1>();
  Semaphore first = Semaphore::Create(state, zone_.registry(), first_).value();
  Semaphore next = Semaphore::Create(state, zone_.registry(), next_).value();
  ASSERT_TRUE(first.TryAcquire().has_value());
  Event(&state->header.released, zone_.registry()).Arm();
  UnmapAtTheWake([&] { EXPECT_TRUE(next.TryAcquire().has_value()); });
  EXPECT_TRUE(first.Release(0));
  EXPECT_TRUE(is_unmapped_);
}

TEST_F(UnmappedWake, OfAnEventWhoseWaiterUnmapsItIsNoError) {
  auto* state = new (memory_) EventState();
  Event event(state, zone_.registry());
  event.Arm();
  UnmapAtTheWake([] {});
  event.NotifyOne();
  EXPECT_TRUE(is_unmapped_);
}

TEST_F(UnmappedWake, OfAllWaitersOfAnEventThatIsUnmappedIsNoError) {
  auto* state = new (memory_) EventState();
  Event event(state, zone_.registry());
  event.Arm();
  UnmapAtTheWake([] {});
  event.NotifyAll();
  EXPECT_TRUE(is_unmapped_);
}

}  // namespace
}  // namespace muster::ipc
