// Slots of a registry that a parent reserves for its children, and what becomes of them when it
// dies.

#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "absl/functional/function_ref.h"
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

}  // namespace
}  // namespace muster::ipc
