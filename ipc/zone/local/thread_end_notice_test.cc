#include "muster/ipc/zone/local/thread_end_notice.h"

#include <atomic>
#include <thread>

#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/threads.h"
#include "muster/ipc/zone/local/holding_thread.h"

namespace muster::ipc {
namespace {

// Counts the threads that end holding something.
class Ends {
 public:
  int count = 0;

 private:
  ThreadEndNotice notice_{this,
                          [](void* ends, HoldingThread&) { ++static_cast<Ends*>(ends)->count; }};
};

void EndHolding() {
  InThread([] {
    HoldingThread::Current().AddExclusive();
    return 0;
  });
}

TEST(ThreadEndNotice, IsCalledForAThreadThatEndsHoldingSomething) {
  Ends first;
  Ends second;
  EndHolding();
  EXPECT_EQ(first.count, 1);
  EXPECT_EQ(second.count, 1);
}

TEST(ThreadEndNotice, IsNotCalledForAThreadThatHoldsNothing) {
  Ends ends;
  InThread([] {
    HoldingThread::Current().AddExclusive();
    HoldingThread::Current().RemoveExclusive();
    return 0;
  });
  EXPECT_EQ(ends.count, 0);
}

TEST(ThreadEndNotice, IsNotCalledAfterItsEnd) {
  Ends first;
  Ends third;
  {
    const Ends second;
    EndHolding();
    EXPECT_EQ(second.count, 1);
  }
  EndHolding();
  EXPECT_EQ(first.count, 2);
  EXPECT_EQ(third.count, 2);
}

// The address sanitizer does not hold its allocator's locks over a fork.
#if !defined(MUSTER_SANITIZER) || defined(__SANITIZE_THREAD__)
TEST(ThreadEndNotice, CanBeMadeInAChildOfAProcessWhoseThreadsMakeThem) {
  std::atomic<bool> is_over{false};
  std::thread thread([&] {
    while (!is_over) const Ends ends;
  });
  for (int i = 0; i < 50; ++i) {
    ForkedChild child([] {
      const Ends ends;
      return 0;
    });
    EXPECT_EQ(child.Join(), 0);
  }
  is_over = true;
  thread.join();
}
#endif

}  // namespace
}  // namespace muster::ipc
