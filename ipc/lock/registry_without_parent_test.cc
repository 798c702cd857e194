// Registries whose participants claim their slots, or find deaths themselves, by a Liveness.

#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstring>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
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
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"
#include "muster/ipc/testing/without_descriptors.h"

namespace muster::ipc {
namespace {

using ::testing::HasSubstr;

bool HoldsNothing(OwnerTag) { return true; }

class RegistryWithoutParent : public ::testing::Test {
 protected:
  const Registry& registry() const { return zone_.registry(); }
  // As a process does that opens the segment by name.
  absl::StatusOr<Registry> AttachWith(const Liveness* liveness) const {
    return Registry::Attach(zone_.memory().data(), zone_.memory().size_bytes(), liveness);
  }
  // What `body` returns is the tag of a participant that is dead.
  template <typename Body>
  OwnerTag TagOfADead(Body body) {
    ForkedChild child([&] {
      *bits_ = body().bits();
      return 0;
    });
    EXPECT_EQ(child.Join(), 0);
    return OwnerTag::InWord(*bits_);
  }

  TestZone zone_{TestZone::Parent::kNone};
  std::atomic<std::uint32_t>* bits_ = zone_.Place<std::atomic<std::uint32_t>>();
  Gate* ready_ = zone_.Place<Gate>();
  Gate* never_ = zone_.Place<Gate>();
};

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

TEST_F(RegistryWithoutParent, DoesNotClaimWhatALivingParentHasReserved) {
  const auto reserved = registry().ReserveAny();
  ASSERT_TRUE(reserved.ok()) << reserved.status();
  for (std::uint32_t i = 1; i < TestZone::kCapacity; ++i) {
    EXPECT_NE(zone_.Claim().slot(), reserved->slot());
  }
  EXPECT_FALSE(registry().Claim(HoldsNothing).ok());
  EXPECT_TRUE(registry().IsLiveNow(*reserved));
}

TEST_F(RegistryWithoutParent, ClaimsWhatADeadParentHadReserved) {
  TagOfADead([&] { return *registry().ReserveAny(); });
  for (std::uint32_t i = 0; i < TestZone::kCapacity; ++i) zone_.Claim();
}

// Runs `body` as process 1 of a new pid namespace, which dies with `outer`. Its exit code is that
// of `outer`, kNoNamespace if this machine makes none.
constexpr int kNoNamespace = 77;
int InPidNamespace(absl::FunctionRef<int()> body) {
  if (::unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) return kNoNamespace;
  // No ForkedChild: it would not see its parent there.
  const pid_t first = ::fork();
  if (first == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::_exit(body());
  }
  int status = -1;
  ::waitpid(first, &status, 0);
  return WEXITSTATUS(status);
}

TEST_F(RegistryWithoutParent, ClaimsWhatADeadParentOfAnotherPidNamespaceHadReserved) {
  Gate* may_die = zone_.Place<Gate>();
  ForkedChild outer([&] {
    const int code = InPidNamespace([&] {
      *bits_ = registry().ReserveAny()->bits();
      ready_->Open();
      may_die->Await();
      return 0;
    });
    ready_->Open();
    return code;
  });
  ready_->Await();
  if (*bits_ == 0) {
    ASSERT_EQ(outer.Join(), kNoNamespace);
    GTEST_SKIP() << "this machine makes no pid namespaces";
  }
  const OwnerTag reserved = OwnerTag::InWord(*bits_);
  EXPECT_TRUE(registry().IsLiveNow(reserved));
  for (std::uint32_t i = 1; i < TestZone::kCapacity; ++i) {
    EXPECT_NE(zone_.Claim().slot(), reserved.slot());
  }
  EXPECT_FALSE(registry().Claim(HoldsNothing).ok()) << "its parent lives";
  may_die->Open();
  ASSERT_EQ(outer.Join(), 0);
  EXPECT_EQ(zone_.Claim().slot(), reserved.slot());
}

// What is not found: see CRASH_SAFETY.md.
TEST_F(RegistryWithoutParent, SaysThatTheSlotOfAnotherPidNamespacesUnjoinedChildIsTaken) {
  ForkedChild outer([&] {
    return InPidNamespace([&] {
      const OwnerTag tag = *registry().ReserveAny();
      *bits_ = tag.bits();
      ForkedChild child([] { return 0; });
      registry().SetProcess(tag, child.pid());
      return child.Join();
    });
  });
  const int code = outer.Join();
  if (code == kNoNamespace) GTEST_SKIP() << "this machine makes no pid namespaces";
  ASSERT_EQ(code, 0);
  for (std::uint32_t i = 1; i < TestZone::kCapacity; ++i) zone_.Claim();
  EXPECT_EQ(registry().Claim(HoldsNothing).status().message(),
            "claim a slot: all 8 of the registry are taken");
  // A person knows that its namespace is gone.
  const OwnerTag tag = OwnerTag::InWord(*bits_);
  EXPECT_TRUE(registry().MarkDead(tag) && registry().Free(tag));
  EXPECT_EQ(zone_.Claim().slot(), tag.slot());
}

TEST_F(RegistryWithoutParent, EndsAReservationThatIsTakenBack) {
  const OwnerTag tag = registry().Reserve(0).value();
  const auto other = Liveness::Bind(zone_.memory().fd());
  ASSERT_TRUE(other.ok());
  EXPECT_TRUE(other->IsReservationHeld(tag));
  EXPECT_TRUE(registry().Withdraw(tag));
  EXPECT_FALSE(other->IsReservationHeld(tag));
}

TEST_F(RegistryWithoutParent, BelievesAReservedChildAfterTheDeathOfItsParent) {
  Gate* go_on = zone_.Place<Gate>();
  Gate* is_joined = zone_.Place<Gate>();
  ForkedChild parent([&] {
    const OwnerTag tag = *registry().ReserveAny();
    *bits_ = tag.bits();
    ForkedChild child([&] {
      ::prctl(PR_SET_PDEATHSIG, 0);
      ::alarm(60);
      ready_->Open();
      go_on->Await();
      if (!registry().Join(tag).ok()) ::_exit(1);
      is_joined->Open();
      never_->Await();
      return 0;
    });
    registry().SetProcess(tag, child.pid());
    child.Release();
    ready_->Await();
    return 0;
  });
  ASSERT_EQ(parent.Join(), 0);
  const OwnerTag tag = OwnerTag::InWord(*bits_);
  EXPECT_TRUE(registry().IsLiveNow(tag));
  go_on->Open();
  is_joined->Await();
  EXPECT_TRUE(registry().IsLiveNow(tag));
  EXPECT_TRUE(registry().Read(tag.slot())->has_joined);
  ::kill(registry().Read(tag.slot())->pid, SIGKILL);
  const Deadline deadline = Deadline::After(absl::Seconds(60));
  while (registry().IsLiveNow(tag)) ASSERT_FALSE(deadline.has_passed());
}

TEST_F(RegistryWithoutParent, BelievesWhoHasJoinedAboutItsProcess) {
  ForkedChild gone([] { return 0; });
  const pid_t pid = gone.pid();
  ASSERT_EQ(gone.Join(), 0);
  const OwnerTag tag = registry().Reserve(0).value();
  ASSERT_TRUE(registry().Join(tag).ok());
  // As by a parent that knows the process only between itself and its child.
  registry().SetProcess(tag, pid);
  EXPECT_EQ(registry().Read(0)->pid, ::getpid());
  EXPECT_TRUE(registry().IsLiveNow(tag));
}

TEST_F(RegistryWithoutParent, TakesBackOnlyAReservationThatNobodyUses) {
  const OwnerTag unused = registry().Reserve(0).value();
  const OwnerTag known = registry().Reserve(1).value();
  registry().SetProcess(known, ::getpid());
  const OwnerTag joined = registry().Reserve(2).value();
  ASSERT_TRUE(registry().Join(joined).ok());
  EXPECT_TRUE(registry().Withdraw(unused));
  EXPECT_FALSE(registry().Withdraw(unused));
  EXPECT_FALSE(registry().Withdraw(known));
  EXPECT_FALSE(registry().Withdraw(joined));
  EXPECT_FALSE(registry().Join(unused).ok());
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
