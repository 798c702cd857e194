#include "muster/ipc/lock/internal/futex.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <new>

#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc::internal {
namespace {

using Word = std::atomic<std::uint32_t>;

TEST(FutexWait, ReturnsAtOnceWhenTheWordHasChanged) {
  const Word word{1};
  EXPECT_TRUE(FutexWait(word, 0, Deadline::Never()));
}

TEST(FutexWait, ReturnsFalseAtItsDeadlineAndNotBefore) {
  const Word word{0};
  const Deadline deadline = Deadline::After(absl::Milliseconds(5));
  EXPECT_FALSE(FutexWait(word, 0, deadline));
  EXPECT_TRUE(deadline.has_passed());
}

TEST(FutexWait, AcceptsADeadlineBeforeTheClockBegan) {
  const Word word{0};
  EXPECT_FALSE(FutexWait(word, 0, Deadline::After(-absl::InfiniteDuration())));
}

TEST(FutexWakeOne, WakesASleeperInAnotherProcess) {
  TestZone zone;
  Word* word = zone.Place<Word>();
  ForkedChild sleeper([&] { return FutexWait(*word, 0, Deadline::Never()) ? 0 : 1; });
  AwaitFutexSleep(sleeper.pid());
  EXPECT_EQ(FutexWakeOne(*word), 1);
  EXPECT_EQ(sleeper.Join(), 0);
}

TEST(FutexWakeAll, WakesEverySleeper) {
  TestZone zone;
  Word* word = zone.Place<Word>();
  ForkedChild first([&] { return FutexWait(*word, 0, Deadline::Never()) ? 0 : 1; });
  ForkedChild second([&] { return FutexWait(*word, 0, Deadline::Never()) ? 0 : 1; });
  AwaitFutexSleep(first.pid());
  AwaitFutexSleep(second.pid());
  EXPECT_EQ(FutexWakeAll(*word), 2);
  EXPECT_EQ(first.Join(), 0);
  EXPECT_EQ(second.Join(), 0);
}

TEST(FutexWakeAll, WakesNobodyInMemoryThatIsGone) {
  void* const page =
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  const Word* word = new (page) Word{0};
  ASSERT_EQ(::munmap(page, 4096), 0);
  EXPECT_EQ(FutexWakeAll(*word), -1);
  EXPECT_EQ(FutexWakeOne(*word), -1);
}

TEST(FutexWaitDeathTest, SaysWhatIsWrongInMemoryThatIsGone) {
  void* const page =
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  const Word* word = new (page) Word{0};
  ASSERT_EQ(::munmap(page, 4096), 0);
  EXPECT_DEATH(FutexWait(*word, 0, Deadline::Never()), "the memory that is waited for");
}

TEST(FutexWakeAll, WakesNobodyWhereNobodySleeps) {
  const Word word{0};
  EXPECT_EQ(FutexWakeAll(word), 0);
}

}  // namespace
}  // namespace muster::ipc::internal
