// What the guard promises on every kernel.

#include "muster/ipc/base/fork_guard.h"

#include <thread>

#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"

namespace muster::ipc {
namespace {

TEST(ForkGuard, HoldsInTheProcessThatMadeIt) {
  const ForkGuard guard = ForkGuard::OfThisProcess();
  EXPECT_TRUE(guard.holds());
  std::thread([&] { EXPECT_TRUE(guard.holds()); }).join();
}

TEST(ForkGuard, OfNoProcessHoldsNowhere) {
  EXPECT_FALSE(ForkGuard().holds());
  ForkedChild child([] { return ForkGuard().holds() ? 1 : 0; });
  EXPECT_EQ(child.Join(), 0);
}

TEST(ForkGuard, HoldsNowhereOnceItHasEnded) {
  ForkGuard guard = ForkGuard::OfThisProcess();
  const ForkGuard copy = guard;
  EXPECT_TRUE(guard.HoldsStill());
  guard.End();
  EXPECT_FALSE(guard.holds());
  EXPECT_FALSE(guard.HoldsStill());
  EXPECT_TRUE(copy.holds());
  guard = copy;
  EXPECT_TRUE(guard.holds());
}

TEST(ForkGuard, DoesNotHoldInAChild) {
  const ForkGuard guard = ForkGuard::OfThisProcess();
  ForkedChild child([&] { return guard.holds() ? 1 : 0; });
  EXPECT_EQ(child.Join(), 0);
  EXPECT_TRUE(guard.holds());
}

TEST(ForkGuard, IsMadeAnewInAChildWithoutThoseOfItsAncestors) {
  const ForkGuard parents = ForkGuard::OfThisProcess();
  ForkedChild child([&] {
    const ForkGuard childs = ForkGuard::OfThisProcess();
    if (!childs.holds() || parents.holds()) return 1;
    ForkedChild grandchild([&] {
      const bool holds_its_own = ForkGuard::OfThisProcess().holds();
      return holds_its_own && !childs.holds() && !parents.holds() ? 0 : 1;
    });
    return grandchild.Join();
  });
  EXPECT_EQ(child.Join(), 0);
}

}  // namespace
}  // namespace muster::ipc
