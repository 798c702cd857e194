// Whatever lies in the block: who attaches it and uses what is in it gets an answer, and within his
// deadline.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/lock/counter.h"
#include "muster/ipc/lock/event.h"
#include "muster/ipc/lock/event_fd.h"
#include "muster/ipc/lock/latch.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/lock/once.h"
#include "muster/ipc/lock/registry.h"
#include "muster/ipc/lock/rw_lock.h"
#include "muster/ipc/lock/semaphore.h"
#include "muster/ipc/lock/spinlock.h"
#include "muster/ipc/memory/offset_ptr.h"
#include "muster/ipc/memory/shared_header.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc {
namespace {

constexpr int kBlocks = 300;

Deadline Soon() { return Deadline::After(absl::Microseconds(200)); }

class Garbage : public ::testing::Test {
 protected:
  const Registry& registry() const { return zone_.registry(); }
  OwnerTag self() const { return self_; }
  std::uint64_t Number() { return random_(); }

  // Any bytes, and among them the words that mean most: nobody's, everybody's flags, our own tag,
  // that of another who is alive, and that of the one before it in the slot.
  void Fill(void* memory, std::size_t bytes) {
    for (std::size_t i = 0; i + sizeof(std::uint32_t) <= bytes; i += sizeof(std::uint32_t)) {
      const std::uint32_t word = Word();
      std::memcpy(static_cast<char*>(memory) + i, &word, sizeof word);
    }
  }
  template <typename State>
  State* Fill(State* state) {
    Fill(static_cast<void*>(state), sizeof(State));
    return state;
  }

  TestZone zone_;

 private:
  std::uint32_t Word() {
    switch (random_() % 10) {
      case 0:
        return 0;
      case 1:
        return ~std::uint32_t{0};
      case 2:
        return self_.bits() | Flags();
      case 3:
        return other_.bits() | Flags();
      case 4:
        return dead_.bits() | Flags();
      case 5:
        return static_cast<std::uint32_t>(random_() % 16);
      default:
        return static_cast<std::uint32_t>(random_());
    }
  }
  std::uint32_t Flags() {
    return static_cast<std::uint32_t>(random_()) & (OwnerTag::kWaiters | OwnerTag::kDied);
  }

  std::mt19937_64 random_{20261123};
  const OwnerTag self_ = zone_.Reserve(0);
  const OwnerTag other_ = zone_.Reserve(1);
  const OwnerTag dead_ = [this] {
    const OwnerTag tag = zone_.Reserve(2);
    registry().MarkDead(tag);
    return tag;
  }();
};

TEST_F(Garbage, InAMutexEndsNoWait) {
  auto* state = zone_.Place<MutexState>();
  for (const auto strategy : {Mutex::Strategy::kSpin, Mutex::Strategy::kSpinThenSleep}) {
    Mutex mutex(state, registry(), self(), {.strategy = strategy, .repair = nullptr});
    for (int i = 0; i < kBlocks; ++i) {
      Fill(state);
      if (Holds(mutex.TryLock())) {
        EXPECT_TRUE(mutex.Unlock());
      }
      if (Holds(mutex.TryLockUntil(Soon()))) {
        mutex.MarkConsistent();
        EXPECT_TRUE(mutex.Unlock());
      }
      state->Recover(self());
    }
  }
}

TEST_F(Garbage, InASpinlockEndsNoWait) {
  auto* state = zone_.Place<SpinlockState>();
  Spinlock spinlock(state, registry(), self());
  for (int i = 0; i < kBlocks; ++i) {
    Fill(state);
    if (Holds(spinlock.TryLock())) spinlock.Unlock();
    Fill(state);
    if (Holds(spinlock.TryLockUntil(Soon()))) spinlock.Unlock();
    state->Recover(self());
  }
}

TEST_F(Garbage, InAReaderWriterLockEndsNoWait) {
  auto* state = zone_.Place<RwLockState<TestZone::kCapacity>>();
  RwLock lock = *RwLock::Create(state, registry(), self());
  for (int i = 0; i < kBlocks; ++i) {
    Fill(state);
    if (lock.LockSharedUntil(Soon()) == LockOutcome::kAcquired) {
      EXPECT_TRUE(lock.UnlockShared());
    }
    Fill(state);
    if (Holds(lock.LockUntil(Soon()))) {
      lock.MarkConsistent();
      EXPECT_TRUE(lock.Unlock());
    }
    Fill(state);
    lock.TryLock() == LockOutcome::kAcquired ? lock.Unlock() : lock.UnlockShared();
    state->Recover(self());
  }
}

TEST_F(Garbage, InASemaphoreEndsNoWait) {
  auto* state = zone_.Place<SemaphoreState<4>>();
  Semaphore semaphore = *Semaphore::Create(state, registry(), self());
  for (int i = 0; i < kBlocks; ++i) {
    Fill(state);
    if (const auto permit = semaphore.AcquireUntil(Soon())) {
      EXPECT_TRUE(semaphore.Release(*permit));
    }
    semaphore.Release(static_cast<std::uint32_t>(Number()));
    EXPECT_LE(semaphore.available(), 4u);
    EXPECT_LE(state->Recover(self()), 4u);
  }
}

TEST_F(Garbage, InTheNumberOfAnArrayIsAnError) {
  auto* lock = zone_.Place<RwLockState<4>>();
  auto* semaphore = zone_.Place<SemaphoreState<4>>();
  for (int i = 0; i < kBlocks; ++i) {
    Fill(lock);
    Fill(semaphore);
    const std::uint32_t slots = lock->writer.slots;
    const std::uint32_t permits = semaphore->header.permits;
    EXPECT_EQ(RwLock::Create(lock, registry(), self()).ok(), slots == 0 || slots == 4);
    EXPECT_EQ(Semaphore::Create(semaphore, registry(), self()).ok(), permits == 0 || permits == 4);
    lock->Recover(self());
    EXPECT_LE(semaphore->Recover(self()), 4u);
  }
}

TEST_F(Garbage, InAnEventEndsNoWait) {
  auto* state = zone_.Place<EventState>();
  Event event(state, registry());
  for (int i = 0; i < kBlocks; ++i) {
    Fill(state);
    EXPECT_FALSE(event.Await([] { return false; }, Soon()));
    event.NotifyOne();
    event.NotifyAll();
    state->Recover(self());
  }
}

TEST_F(Garbage, InAnEventFdIsNoWakeThatGetsLost) {
  auto* state = zone_.Place<EventFdState>();
  EventFd event = *EventFd::Create(state, registry());
  for (int i = 0; i < kBlocks; ++i) {
    Fill(state);
    event.Notify();
    event.Drain();
    event.Arm();
    event.Notify();
    EXPECT_TRUE(event.Drain());
  }
}

TEST_F(Garbage, InAOnceIsAnAnswer) {
  auto* state = zone_.Place<OnceState>();
  Once once(state, registry(), self());
  for (int i = 0; i < kBlocks; ++i) {
    // No live participant's: for that one it waits, as it must.
    state->word = static_cast<std::uint32_t>(Number()) | OwnerTag::kDied;
    const absl::Status status = once.Call([](bool) { return absl::OkStatus(); });
    EXPECT_TRUE(status.ok() || absl::IsDataLoss(status)) << status;
    state->Recover(self());
  }
}

TEST_F(Garbage, InALatchIsAValueUntilTheNextIsWritten) {
  using Value = std::array<std::uint64_t, 5>;
  auto* state = zone_.Place<LatchState<Value>>();
  Latch<Value> latch(state);
  for (int i = 0; i < kBlocks; ++i) {
    Fill(state);
    (void)latch.Read();
    const Value value = {Number(), 1, 2, 3, Number()};
    latch.Write(value);
    EXPECT_EQ(latch.Read(), value);
  }
}

TEST_F(Garbage, InCountersAndGaugesIsANumber) {
  struct alignas(kCacheLineBytes) Line {
    Counter counter;
    Gauge gauge;
  };
  auto* lines = static_cast<Line*>(zone_.PlaceBytes(sizeof(Line) * 8));
  const auto all = absl::MakeConstSpan(lines, 8);
  for (int i = 0; i < kBlocks; ++i) {
    Fill(lines, sizeof(Line) * 8);
    lines[0].counter.Add();
    lines[0].gauge.Add();
    lines[0].gauge.Subtract();
    (void)Sum(all, &Line::counter);
    (void)Sum(all, &Line::gauge);
    lines[0].gauge.Clear();
    EXPECT_EQ(lines[0].gauge.value(), 0);
  }
}

TEST_F(Garbage, InARegistryIsRefusedByWhoAttachesIt) {
  const std::size_t bytes = Registry::BytesFor(TestZone::kCapacity);
  void* memory = zone_.PlaceBytes(bytes);
  for (int i = 0; i < kBlocks; ++i) {
    Fill(memory, bytes);
    EXPECT_FALSE(Registry::Attach(memory, bytes).ok());
  }
}

// Attached before somebody scribbled over it.
TEST_F(Garbage, InTheLinesOfARegistryIsSurvived) {
  const std::size_t bytes = Registry::BytesFor(TestZone::kCapacity);
  auto* memory = static_cast<char*>(zone_.PlaceBytes(bytes));
  const Registry damaged = *Registry::Create(memory, bytes, TestZone::kCapacity);
  auto* state = zone_.Place<MutexState>();
  for (int i = 0; i < kBlocks; ++i) {
    Fill(memory, bytes);
    const OwnerTag tag = OwnerTag::InWord(static_cast<std::uint32_t>(Number()));
    damaged.IsLive(tag);
    damaged.SetProcess(tag, 1);
    (void)damaged.Join(tag);
    damaged.MarkDead(tag);
    damaged.Free(tag);
    for (std::uint32_t slot = 0; slot <= TestZone::kCapacity; ++slot) {
      (void)damaged.Read(slot);
      (void)damaged.Reserve(slot);
    }
    EXPECT_EQ(damaged.capacity(), TestZone::kCapacity);
    Fill(state);
    Mutex mutex(state, damaged, self());
    if (Holds(mutex.TryLockUntil(Soon()))) {
      EXPECT_TRUE(mutex.Unlock());
    }
  }
}

TEST_F(Garbage, InAnOffsetLeadsNowhereElse) {
  std::array<std::uint64_t, 64> words = {};
  const auto block = absl::MakeSpan(reinterpret_cast<std::byte*>(words.data()), sizeof words);
  for (int i = 0; i < kBlocks; ++i) {
    OffsetSpan<std::uint64_t> span;
    Fill(&span);
    const absl::Span<std::uint64_t> found = span.Resolve(block);
    if (found.empty()) continue;
    EXPECT_GE(found.data(), words.data());
    EXPECT_LE(found.data() + found.size(), words.data() + words.size());
  }
}

TEST_F(Garbage, InAHeaderIsRefused) {
  constexpr SharedLayout kLayout = {.magic = 1, .layout_version = 2, .abi_hash = 3};
  const SharedMemory memory = *SharedMemory::CreateAnonymous({.size_bytes = 4096});
  for (int i = 0; i < kBlocks; ++i) {
    Fill(memory.data(), memory.size_bytes());
    EXPECT_FALSE(CheckHeader(memory, kLayout).ok());
  }
}

}  // namespace
}  // namespace muster::ipc
