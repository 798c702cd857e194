// Registries whose participants claim their slots, or find deaths themselves, by a Liveness.

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <optional>
#include <set>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/lock/liveness.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"
#include "muster/ipc/lock/registry_without_parent_fixture.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"
#include "muster/ipc/testing/without_descriptors.h"

namespace muster::ipc {
namespace {

using ::testing::HasSubstr;

TEST_F(RegistryWithoutParent, GivesEachClaimASlotOfItsOwn) {
  std::set<std::uint32_t> slots;
  for (std::uint32_t i = 0; i < TestZone::kCapacity; ++i) slots.insert(zone_.Claim().slot());
  EXPECT_EQ(slots.size(), TestZone::kCapacity);
  EXPECT_EQ(registry().Claim(HoldsNothing).status().message(),
            "claim a slot: all 8 of the registry are taken");
}

TEST_F(RegistryWithoutParent, GivesEachThreadASlotOfItsOwn) {
  std::array<std::optional<OwnerTag>, TestZone::kCapacity> tags;
  std::vector<std::jthread> threads;
  for (auto& tag : tags) threads.emplace_back([&] { tag = zone_.Claim(); });
  threads.clear();
  std::set<std::uint32_t> slots;
  for (const auto& tag : tags) slots.insert(tag->slot());
  EXPECT_EQ(slots.size(), TestZone::kCapacity);
}

TEST_F(RegistryWithoutParent, IsNotAttachedWithoutALiveness) {
  EXPECT_EQ(AttachWith(nullptr).status().message(),
            "registry: its participants hold locks on the segment; attach it with a Liveness");
}

TEST_F(RegistryWithoutParent, IsNotAttachedWithTheLivenessOfAnotherSegment) {
  const TestZone other(TestZone::Parent::kNone);
  EXPECT_THAT(AttachWith(other.liveness()).status().message(),
              HasSubstr("the Liveness is bound to inode"));
}

TEST_F(RegistryWithoutParent, FindsOutThatAParticipantWasKilled) {
  ForkedChild child([&] {
    *bits_ = zone_.Claim().bits();
    ready_->Open();
    never_->Await();
    return 0;
  });
  ready_->Await();
  const OwnerTag tag = OwnerTag::InWord(*bits_);
  EXPECT_TRUE(registry().IsLive(tag));
  child.Kill();
  EXPECT_FALSE(registry().IsLiveNow(tag));
  EXPECT_FALSE(registry().IsLive(tag));
  EXPECT_EQ(registry().Read(tag.slot())->state, ParticipantState::kDead);
}

TEST_F(RegistryWithoutParent, FindsADeathWithinTheRecheckIntervalThoughItBelievedInALife) {
  ForkedChild child([&] {
    *bits_ = zone_.Claim().bits();
    ready_->Open();
    never_->Await();
    return 0;
  });
  ready_->Await();
  const OwnerTag tag = OwnerTag::InWord(*bits_);
  ASSERT_TRUE(registry().IsLive(tag));
  child.Kill();
  const Deadline deadline = Deadline::After(absl::Seconds(60));
  while (registry().IsLive(tag)) ASSERT_FALSE(deadline.has_passed());
}

TEST_F(RegistryWithoutParent, FindsOutThatAParticipantCalledExec) {
  const pid_t child = ::fork();
  if (child == 0) {
    *bits_ = zone_.Claim().bits();
    ready_->Open();
    ::execlp("sleep", "sleep", "600", nullptr);
    ::_exit(1);
  }
  ready_->Await();
  const Deadline deadline = Deadline::After(absl::Seconds(60));
  while (registry().IsLiveNow(OwnerTag::InWord(*bits_))) ASSERT_FALSE(deadline.has_passed());
  EXPECT_EQ(::waitpid(child, nullptr, WNOHANG), 0) << "the process itself lives";
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

// Its copy of the parent's descriptor keeps the lock.
TEST_F(RegistryWithoutParent, FindsADeathThatAChildOfARawForkHides) {
  const OwnerTag dead = TagOfADead([&] {
    const OwnerTag tag = zone_.Claim();
    const auto child = static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, nullptr));
    if (child == 0) {
      ::alarm(60);
      never_->Await();
      ::_exit(0);
    }
    return tag;
  });
  EXPECT_TRUE(zone_.liveness()->IsHeld(dead.slot()));
  EXPECT_FALSE(registry().IsLiveNow(dead));
  never_->Open();
}

TEST_F(RegistryWithoutParent, RecoversWhatTheDeadHeldBeforeItsSlotIsReused) {
  const OwnerTag dead = TagOfADead([&] { return zone_.Claim(); });
  std::vector<OwnerTag> recovered;
  for (std::uint32_t i = 0; i < TestZone::kCapacity; ++i) {
    const auto tag = registry().Claim([&](OwnerTag each) {
      EXPECT_EQ(registry().Read(each.slot())->state, ParticipantState::kDead);
      recovered.push_back(each);
      return true;
    });
    ASSERT_TRUE(tag.ok()) << tag.status();
    EXPECT_NE(*tag, dead);
  }
  EXPECT_EQ(recovered, std::vector{dead});
}

TEST_F(RegistryWithoutParent, KeepsTheSlotOfTheDeadWhoseThingsCannotBeReleased) {
  const OwnerTag dead = TagOfADead([&] { return zone_.Claim(); });
  for (std::uint32_t i = 1; i < TestZone::kCapacity; ++i) {
    const auto tag = registry().Claim([](OwnerTag) { return false; });
    ASSERT_TRUE(tag.ok()) << tag.status();
    EXPECT_NE(tag->slot(), dead.slot());
  }
  EXPECT_FALSE(registry().Claim([](OwnerTag) { return false; }).ok());
  EXPECT_TRUE(registry().Claim(HoldsNothing).ok());
}

TEST_F(RegistryWithoutParent, UsesTheSlotsInTurn) {
  std::set<std::uint32_t> slots;
  for (std::uint32_t i = 0; i < TestZone::kCapacity; ++i) {
    const OwnerTag tag = zone_.Claim();
    slots.insert(tag.slot());
    registry().Leave(tag, HoldsNothing);
  }
  EXPECT_EQ(slots.size(), TestZone::kCapacity);
}

TEST_F(RegistryWithoutParent, FreesTheSlotOfWhoLeaves) {
  const OwnerTag tag = zone_.Claim();
  std::optional<OwnerTag> recovered;
  registry().Leave(tag, [&](OwnerTag each) {
    recovered = each;
    return true;
  });
  EXPECT_EQ(recovered, tag);
  EXPECT_FALSE(registry().IsLive(tag));
  EXPECT_EQ(registry().Read(tag.slot())->state, ParticipantState::kFree);
  EXPECT_FALSE(zone_.liveness()->IsHeld(tag.slot()));
}

TEST_F(RegistryWithoutParent, TellsWhyTheKernelRefusesASlot) {
  const OwnerTag reserved = registry().Reserve(3).value();
  ForkedChild child([&] {
    const WithoutDescriptors none;
    const auto says_why = [](const absl::Status& status, absl::string_view call) {
      return absl::StartsWith(status.message(), call) &&
             absl::EndsWith(status.message(), ": Too many open files");
    };
    if (!says_why(registry().Claim(HoldsNothing).status(), "claim a slot: ")) return 1;
    if (!says_why(registry().Join(reserved), "join slot 3: ")) return 2;
    if (!says_why(registry().Reserve(4).status(), "reserve slot 4: ")) return 3;
    return says_why(registry().ReserveAny().status(), "reserve slot ") ? 0 : 4;
  });
  EXPECT_EQ(child.Join(), 0);
}

TEST_F(RegistryWithoutParent, IsJoinedOnceWithATag) {
  const OwnerTag tag = *registry().ReserveAny();
  ForkedChild child([&] {
    if (!registry().Join(tag).ok()) return 1;
    ready_->Open();
    never_->Await();
    return 0;
  });
  ready_->Await();
  EXPECT_EQ(registry().Join(tag).message(),
            absl::StrCat("join slot ", tag.slot(), ": generation ", tag.generation(),
                         " has been joined by a live process"));
  child.Kill();
  EXPECT_THAT(registry().Join(tag).message(), HasSubstr("has been joined before"));
}

TEST_F(RegistryWithoutParent, IsJoinedThoughOthersLookAtTheSlot) {
  constexpr std::uint32_t kSlot = 3;
  ForkedChild looker([&] {
    ready_->Open();
    for (;;) {
      if (*zone_.liveness()->TryHold(kSlot)) zone_.liveness()->Release(kSlot);
    }
    return 0;
  });
  ready_->Await();
  for (int i = 0; i < 100; ++i) {
    const Deadline deadline = Deadline::After(absl::Seconds(60));
    absl::StatusOr<OwnerTag> tag = registry().Reserve(kSlot);
    while (!tag.ok() && !deadline.has_passed()) tag = registry().Reserve(kSlot);
    ASSERT_TRUE(tag.ok()) << tag.status();
    const absl::Status joined = registry().Join(*tag);
    ASSERT_TRUE(joined.ok()) << joined;
    registry().Leave(*tag, HoldsNothing);
  }
}

TEST_F(RegistryWithoutParent, TellsWhoeverObservesIt) {
  const OwnerTag dead = TagOfADead([&] { return zone_.Claim(); });
  std::optional<OwnerTag> told;
  const auto liveness = Liveness::Bind(zone_.memory().fd(), [&](OwnerTag each) { told = each; });
  ASSERT_TRUE(liveness.ok()) << liveness.status();
  EXPECT_FALSE(AttachWith(&*liveness)->IsLiveNow(dead));
  EXPECT_EQ(told, dead);
}

TEST_F(RegistryWithoutParent, RechecksMoreOftenThanWithOne) {
  EXPECT_EQ(registry().recheck_interval(), absl::Milliseconds(100));
  EXPECT_EQ(TestZone().registry().recheck_interval(), absl::Seconds(1));
}

}  // namespace
}  // namespace muster::ipc
