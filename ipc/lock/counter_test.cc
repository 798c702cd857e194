#include "muster/ipc/lock/counter.h"

#include <array>
#include <csignal>
#include <cstdint>

#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "muster/ipc/memory/shared_memory.h"
#include "muster/ipc/testing/forked_child.h"

namespace muster::ipc {
namespace {

struct alignas(kCacheLineBytes) WorkerLine {
  Counter requests;
  Gauge active;
};

constexpr std::size_t kSlots = 4;

class CounterLines : public testing::Test {
 protected:
  absl::Span<WorkerLine> lines() {
    return absl::MakeSpan(reinterpret_cast<WorkerLine*>(memory_.data()), kSlots);
  }
  std::uint64_t requests() {
    return Sum(absl::Span<const WorkerLine>(lines()), &WorkerLine::requests);
  }
  std::int64_t active() { return Sum(absl::Span<const WorkerLine>(lines()), &WorkerLine::active); }

 private:
  SharedMemory memory_ =
      *SharedMemory::CreateAnonymous({.size_bytes = kSlots * sizeof(WorkerLine)});
};

TEST_F(CounterLines, AddUpWhatOneWriterASlotHasCounted) {
  constexpr int kIncrements = 100'000;
  const auto work = [&](std::size_t slot) {
    for (int i = 0; i < kIncrements; ++i) lines()[slot].requests.Add();
    return 0;
  };
  ForkedChild first([&] { return work(0); });
  ForkedChild second([&] { return work(1); });
  EXPECT_EQ(first.Join(), 0);
  EXPECT_EQ(second.Join(), 0);
  EXPECT_EQ(requests(), 2u * kIncrements);
}

TEST_F(CounterLines, KeepTotalsOverTheGenerationsOfASlot) {
  for (int generation = 0; generation < 3; ++generation) {
    ForkedChild child([&] {
      lines()[2].requests.Add(10);
      return 0;
    });
    ASSERT_EQ(child.Join(), 0);
  }
  EXPECT_EQ(requests(), 30u);
}

TEST_F(CounterLines, LoseTheGaugeOfAKilledWriterOnceItIsCleared) {
  lines()[0].active.Set(5);
  ForkedChild child([&] {
    lines()[1].active.Add(7);
    return ::raise(SIGKILL);
  });
  ASSERT_EQ(child.Join(), -SIGKILL);
  EXPECT_EQ(active(), 12);
  lines()[1].active.Clear();
  EXPECT_EQ(active(), 5);
}

TEST(Gauge, RisesAndFalls) {
  Gauge gauge;
  gauge.Add(3);
  gauge.Subtract();
  EXPECT_EQ(gauge.value(), 2);
  gauge.Subtract(5);
  EXPECT_EQ(gauge.value(), -3);
}

TEST(Counter, StandsAtZeroInFreshMemory) {
  const auto memory = SharedMemory::CreateMemfd("test", {.size_bytes = sizeof(WorkerLine)});
  EXPECT_EQ(reinterpret_cast<WorkerLine*>(memory->data())->requests.value(), 0u);
}

TEST(CounterLine, KeepsEachWriterOnALineOfItsOwn) {
  EXPECT_EQ(sizeof(WorkerLine), kCacheLineBytes);
  EXPECT_EQ(sizeof(std::array<WorkerLine, 2>), 2 * kCacheLineBytes);
}

}  // namespace
}  // namespace muster::ipc
