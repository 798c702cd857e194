#include "muster/ipc/zone/local/zone_latch.h"

#include <atomic>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc {
namespace {

// All numbers are equal in a value that one Write made.
struct Row {
  int numbers[16];
};

TEST(ZoneLatch, GivesWhatWasWritten) {
  TestZone zone;
  LatchState<int>* const state = zone.Place<LatchState<int>>();
  ZoneLatch<int> latch((Latch<int>(state)));
  EXPECT_TRUE(latch.Write(7));
  EXPECT_EQ(latch.Read(), 7);
  EXPECT_EQ(latch.TryRead(1), 7);
  EXPECT_EQ(latch.version(), 1u);
}

TEST(ZoneLatch, IsNotWrittenByAChildOfFork) {
  TestZone zone;
  LatchState<int>* const state = zone.Place<LatchState<int>>();
  ZoneLatch<int> latch((Latch<int>(state)));
  EXPECT_TRUE(latch.Write(7));
  ForkedChild child([&] { return latch.Write(8) || latch.Read() != 7 ? 1 : 0; });
  EXPECT_EQ(child.Join(), 0);
  EXPECT_EQ(latch.Read(), 7);
}

TEST(ZoneLatch, IsWrittenByOneThreadAfterAnother) {
  TestZone zone;
  LatchState<Row>* const state = zone.Place<LatchState<Row>>();
  ZoneLatch<Row> latch((Latch<Row>(state)));
  constexpr int kThreads = 3;
  constexpr int kEach = 5'000;
  std::atomic<int> mixed{0};
  std::vector<std::thread> writers;
  for (int thread = 1; thread <= kThreads; ++thread) {
    writers.emplace_back([&, thread] {
      Row row;
      for (int& number : row.numbers) number = thread;
      for (int i = 0; i < kEach; ++i) {
        EXPECT_TRUE(latch.Write(row));
        const Row seen = latch.Read();
        for (const int number : seen.numbers) mixed += number == seen.numbers[0] ? 0 : 1;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(mixed, 0);
  EXPECT_EQ(latch.version(), static_cast<std::uint64_t>(kThreads * kEach));
}

}  // namespace
}  // namespace muster::ipc
