#include "muster/ipc/lock/semaphore.h"

#include <atomic>
#include <csignal>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc {
namespace {

constexpr std::uint32_t kPermits = 3;

class SemaphoreTest : public ::testing::Test {
 protected:
  using State = SemaphoreState<kPermits>;

  const Registry& registry() { return zone_.registry(); }
  Semaphore As(OwnerTag tag) { return *Semaphore::Create(state_, registry(), tag); }
  // The test's own participant.
  Semaphore& mine() { return mine_; }
  void TakeAll() {
    for (std::uint32_t i = 0; i < kPermits; ++i) ASSERT_TRUE(mine().TryAcquire().has_value());
  }
  // In slot 1: killed while it held `permits`, and its death marked.
  OwnerTag KillAHolderOf(int permits) {
    const OwnerTag holder = zone_.Reserve(1);
    ForkedChild child([&] {
      Semaphore semaphore = As(holder);
      for (int i = 0; i < permits; ++i) (void)semaphore.Acquire();
      ::raise(SIGKILL);
      return 1;
    });
    EXPECT_EQ(child.Join(), -SIGKILL);
    EXPECT_TRUE(registry().MarkDead(holder));
    return holder;
  }
  // Exits with 0 when it has acquired a permit, for which it sleeps now.
  std::unique_ptr<ForkedChild> Sleep(OwnerTag tag) {
    auto child =
        std::make_unique<ForkedChild>([&] { return As(tag).Acquire().has_value() ? 0 : 1; });
    AwaitFutexSleep(child->pid());
    return child;
  }

  TestZone zone_;
  State* state_ = zone_.Place<State>();
  Semaphore mine_ = As(zone_.Reserve(0));
};

TEST_F(SemaphoreTest, HasAllItsPermitsWhenAllItsBytesAreZero) {
  EXPECT_EQ(mine().available(), kPermits);
}

TEST_F(SemaphoreTest, GivesEachPermitOnce) {
  std::set<std::uint32_t> permits;
  for (std::uint32_t i = 0; i < kPermits; ++i) permits.insert(mine().TryAcquire().value());
  EXPECT_EQ(permits.size(), kPermits);
  EXPECT_EQ(mine().TryAcquire(), std::nullopt);
}

TEST_F(SemaphoreTest, UsesNoMorePermitsThanItIsTold) {
  auto* state = zone_.Place<State>();
  Semaphore semaphore = *Semaphore::Create(state, registry(), zone_.Reserve(1), 1);
  EXPECT_EQ(semaphore.TryAcquire(), 0u);
  EXPECT_EQ(semaphore.TryAcquire(), std::nullopt);
}

TEST_F(SemaphoreTest, IsRefusedToWhoUsesAnotherNumberOfPermits) {
  EXPECT_EQ(Semaphore::Create(state_, registry(), zone_.Reserve(1), 2).status(),
            absl::InvalidArgumentError("semaphore: this program uses 2 permits, the memory has 3"));
}

TEST_F(SemaphoreTest, HasNoMorePermitsThanItsStateHasRoomFor) {
  auto* state = zone_.Place<State>();
  EXPECT_EQ(Semaphore::Create(state, registry(), zone_.Reserve(1), 4).status(),
            absl::OutOfRangeError("semaphore: 4 permits are more than the 3 of its state"));
  EXPECT_TRUE(
      absl::IsInvalidArgument(Semaphore::Create(state, registry(), zone_.Reserve(2), 0).status()));
}

TEST_F(SemaphoreTest, IsMadeOfPartsWhoseNumberIsKnownOnlyAtRunTime) {
  auto* header = zone_.Place<SemaphoreHeader>();
  const std::size_t permits = 5;
  auto* owners = static_cast<PermitWord*>(zone_.PlaceBytes(permits * sizeof(PermitWord)));
  const OwnerTag tag = zone_.Reserve(1);
  auto semaphore = Semaphore::Create(header, absl::MakeSpan(owners, permits), registry(), tag);
  ASSERT_TRUE(semaphore.ok()) << semaphore.status();
  EXPECT_TRUE(semaphore->TryAcquire().has_value());
  EXPECT_EQ(semaphore->available(), permits - 1);
  ASSERT_TRUE(registry().MarkDead(tag));
  EXPECT_EQ(RecoverPermits(*header, absl::MakeSpan(owners, permits), tag), 1u);
}

TEST_F(SemaphoreTest, IsNotRecoveredBeyondItsPermits) {
  auto* state = zone_.Place<State>();
  ASSERT_TRUE(Semaphore::Create(state, registry(), zone_.Reserve(1), 2).ok());
  const OwnerTag dead = zone_.Reserve(2);
  state->owners[2] = dead.bits();
  EXPECT_EQ(state->Recover(dead), 0u);
  EXPECT_EQ(state->owners[2], dead.bits());
}

TEST_F(SemaphoreTest, GivesAReleasedPermitAgain) {
  TakeAll();
  EXPECT_TRUE(mine().Release(1));
  EXPECT_EQ(mine().TryAcquire(), 1u);
}

TEST_F(SemaphoreTest, TakesNoPermitFromWhoDoesNotHoldIt) {
  const std::uint32_t permit = mine().Acquire().value();
  EXPECT_FALSE(As(zone_.Reserve(1)).Release(permit));
  EXPECT_TRUE(mine().Release(permit));
  EXPECT_FALSE(mine().Release(permit));
  EXPECT_FALSE(mine().Release(kPermits));
}

TEST_F(SemaphoreTest, GivesAChildOfForkNothingByItsParentsHandle) {
  ForkedChild child([&] {
    const bool acquires =
        mine().Acquire() || mine().TryAcquire() || mine().AcquireUntil(Deadline::Never());
    return acquires || mine().is_participant() ? 1 : 0;
  });
  EXPECT_EQ(child.Join(), 0);
  EXPECT_EQ(mine().available(), kPermits);
}

TEST_F(SemaphoreTest, KeepsThePermitsOfAParentFromItsChild) {
  TakeAll();
  ForkedChild child([&] { return mine().Release(0) || mine().Acquire() ? 1 : 0; });
  EXPECT_EQ(child.Join(), 0);
  EXPECT_EQ(mine().available(), 0u);
  EXPECT_TRUE(mine().Release(0));
}

TEST_F(SemaphoreTest, GivesNothingToATagThatTheRegistryNeverGave) {
  for (const OwnerTag tag : {OwnerTag(), OwnerTag(3, 7), OwnerTag(1000, 1)}) {
    Semaphore stranger = As(tag);
    EXPECT_EQ(stranger.Acquire(), std::nullopt);
    EXPECT_FALSE(stranger.Release(0));
    EXPECT_FALSE(stranger.is_participant());
  }
  EXPECT_EQ(mine().available(), kPermits);
}

TEST_F(SemaphoreTest, HonoursItsDeadline) {
  TakeAll();
  const Deadline deadline = Deadline::After(absl::Milliseconds(5));
  EXPECT_EQ(As(zone_.Reserve(1)).AcquireUntil(deadline), std::nullopt);
  EXPECT_TRUE(deadline.has_passed());
}

TEST_F(SemaphoreTest, WakesASleeperForEachReleasedPermit) {
  TakeAll();
  const auto first = Sleep(zone_.Reserve(1));
  const auto second = Sleep(zone_.Reserve(2));
  EXPECT_TRUE(mine().Release(0));
  EXPECT_TRUE(mine().Release(1));
  EXPECT_EQ(first->Join(), 0);
  EXPECT_EQ(second->Join(), 0);
}

TEST_F(SemaphoreTest, GetsThePermitsOfTheDeadBack) {
  const OwnerTag dead = KillAHolderOf(2);
  EXPECT_EQ(mine().available(), 1u);
  EXPECT_EQ(state_->Recover(dead), 2u);
  EXPECT_EQ(mine().available(), kPermits);
}

TEST_F(SemaphoreTest, IsRecoveredAsOftenAsOneLikes) {
  const OwnerTag dead = KillAHolderOf(2);
  EXPECT_EQ(state_->Recover(dead), 2u);
  TakeAll();
  EXPECT_EQ(state_->Recover(dead), 0u);
  EXPECT_EQ(mine().available(), 0u);
}

TEST_F(SemaphoreTest, TakesThePermitOfTheDeadBeforeAnybodyHasRecoveredIt) {
  KillAHolderOf(kPermits);
  EXPECT_TRUE(mine().TryAcquire().has_value());
}

TEST_F(SemaphoreTest, WakesASleeperWhenAHolderWasKilled) {
  const OwnerTag holder = zone_.Reserve(1);
  for (PermitWord& owner : state_->owners) owner = holder.bits();
  const auto first = Sleep(zone_.Reserve(2));
  const auto second = Sleep(zone_.Reserve(3));
  ASSERT_TRUE(registry().MarkDead(holder));
  EXPECT_EQ(state_->Recover(holder), kPermits);
  EXPECT_EQ(first->Join(), 0);
  EXPECT_EQ(second->Join(), 0);
}

TEST_F(SemaphoreTest, WakesASleeperWhoseWakerDiedAfterTheRelease) {
  TakeAll();
  const auto sleeper = Sleep(zone_.Reserve(1));
  state_->owners[2] = 0;  // what the dead one did last
  const OwnerTag dead = zone_.Reserve(2);
  ASSERT_TRUE(registry().MarkDead(dead));
  EXPECT_EQ(state_->Recover(dead), 0u);
  EXPECT_EQ(sleeper->Join(), 0);
}

TEST_F(SemaphoreTest, TreatsADamagedPermitAsThatOfSomebodyDead) {
  TakeAll();
  state_->owners[1] = 0xdeadbeef;
  EXPECT_EQ(mine().TryAcquire(), 1u);
}

// Each holder of a permit has a place of its own: no two may meet in one.
int UsePlaces(Semaphore semaphore, std::atomic<int>* places, int rounds) {
  int meetings = 0;
  for (int i = 0; i < rounds; ++i) {
    const std::uint32_t permit = *semaphore.Acquire();
    meetings += places[permit].fetch_add(1);
    places[permit].fetch_sub(1);
    meetings += semaphore.Release(permit) ? 0 : 1;
  }
  return meetings;
}

struct Places {
  std::atomic<int> of_permit[kPermits]{};
};

TEST_F(SemaphoreTest, GivesNoPermitToTwoProcesses) {
  Places* places = zone_.Place<Places>();
  std::vector<std::unique_ptr<ForkedChild>> children;
  for (std::uint32_t slot = 1; slot <= 5; ++slot) {
    const OwnerTag tag = zone_.Reserve(slot);
    children.push_back(std::make_unique<ForkedChild>(
        [&] { return UsePlaces(As(tag), places->of_permit, 4'000) == 0 ? 0 : 1; }));
  }
  for (const auto& child : children) EXPECT_EQ(child->Join(), 0);
  EXPECT_EQ(mine().available(), kPermits);
}

TEST_F(SemaphoreTest, GivesNoPermitToTwoThreads) {
  Places places;
  std::atomic<int> meetings{0};
  std::vector<std::thread> threads;
  for (std::uint32_t slot = 1; slot <= 5; ++slot) {
    threads.emplace_back([&, tag = zone_.Reserve(slot)] {
      meetings += UsePlaces(As(tag), places.of_permit, 4'000);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(meetings, 0);
  EXPECT_EQ(mine().available(), kPermits);
}

}  // namespace
}  // namespace muster::ipc
