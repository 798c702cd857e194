#include "muster/ipc/zone/local/holding_thread.h"

#include <cstdint>

#include "gtest/gtest.h"
#include "muster/ipc/testing/threads.h"

namespace muster::ipc {
namespace {

TEST(HoldingThread, IsOneForEachThread) {
  HoldingThread* const mine = &HoldingThread::Current();
  EXPECT_EQ(&HoldingThread::Current(), mine);
  EXPECT_NE(InThread([] { return &HoldingThread::Current(); }), mine);
}

TEST(HoldingThread, NotesSharedHolds) {
  InThread([] {
    HoldingThread& me = HoldingThread::Current();
    EXPECT_FALSE(me.RemoveShared(1));
    me.AddShared(1);
    EXPECT_TRUE(me.HoldsShared(1));
    EXPECT_FALSE(me.HoldsShared(2));
    EXPECT_TRUE(me.RemoveShared(1));
    EXPECT_FALSE(me.HoldsShared(1));
    return 0;
  });
}

TEST(HoldingThread, TellsWhetherItHoldsAnything) {
  InThread([] {
    HoldingThread& me = HoldingThread::Current();
    EXPECT_FALSE(me.HoldsAny());
    me.AddExclusive();
    EXPECT_TRUE(me.HoldsAny());
    me.RemoveExclusive();
    EXPECT_FALSE(me.HoldsAny());
    me.AddShared(1);
    EXPECT_TRUE(me.HoldsAny());
    EXPECT_TRUE(me.RemoveShared(1));
    EXPECT_FALSE(me.HoldsAny());
    return 0;
  });
}

TEST(HoldingThread, NotesAnyNumberOfThemInAnyOrder) {
  InThread([] {
    HoldingThread& me = HoldingThread::Current();
    for (std::uint64_t lock = 1; lock <= 30; ++lock) me.AddShared(lock);
    // Every third, then those that are left from the back.
    for (std::uint64_t lock = 3; lock <= 30; lock += 3) EXPECT_TRUE(me.RemoveShared(lock));
    for (std::uint64_t lock = 30; lock >= 1; --lock) {
      EXPECT_EQ(me.HoldsShared(lock), lock % 3 != 0) << lock;
      EXPECT_EQ(me.RemoveShared(lock), lock % 3 != 0) << lock;
      EXPECT_FALSE(me.HoldsShared(lock)) << lock;
    }
    return 0;
  });
}

}  // namespace
}  // namespace muster::ipc
