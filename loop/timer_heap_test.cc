#include "muster/loop/timer_heap.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace muster::loop {
namespace {

TimePoint At(std::int64_t milliseconds) {
  return TimePoint() + std::chrono::milliseconds(milliseconds);
}

std::vector<TimePoint> Drain(TimerHeap& heap) {
  std::vector<TimePoint> times;
  while (!heap.empty()) {
    times.push_back(heap.first_time());
    heap.Remove(heap.first());
  }
  return times;
}

TEST(TimerHeap, GivesTheEarliestFirst) {
  TimerHeap heap;
  std::array<TimerHeap::Node, 4> nodes;
  heap.Set(&nodes[0], At(30));
  heap.Set(&nodes[1], At(10));
  heap.Set(&nodes[2], At(40));
  heap.Set(&nodes[3], At(20));
  EXPECT_EQ(heap.first(), &nodes[1]);
  EXPECT_EQ(Drain(heap), (std::vector<TimePoint>{At(10), At(20), At(30), At(40)}));
}

TEST(TimerHeap, MovesANodeToAnotherTime) {
  TimerHeap heap;
  std::array<TimerHeap::Node, 3> nodes;
  for (int i = 0; i < 3; ++i) heap.Set(&nodes[i], At(10 * i));
  heap.Set(&nodes[0], At(15));
  heap.Set(&nodes[2], At(5));
  EXPECT_EQ(heap.first(), &nodes[2]);
  EXPECT_EQ(heap.time(nodes[0]), At(15));
  EXPECT_EQ(Drain(heap), (std::vector<TimePoint>{At(5), At(10), At(15)}));
}

TEST(TimerHeap, ForgetsWhatWasRemoved) {
  TimerHeap heap;
  std::array<TimerHeap::Node, 2> nodes;
  heap.Set(&nodes[0], At(1));
  heap.Set(&nodes[1], At(2));
  heap.Remove(&nodes[0]);
  heap.Remove(&nodes[0]);
  EXPECT_FALSE(nodes[0].is_in_heap());
  EXPECT_EQ(Drain(heap), std::vector<TimePoint>{At(2)});
}

// Against an ordered map, with many nodes that come, move and go.
TEST(TimerHeap, KeepsItsOrderOverRandomChanges) {
  std::mt19937 random(1);
  TimerHeap heap;
  std::vector<TimerHeap::Node> nodes(500);
  std::map<TimerHeap::Node*, TimePoint> expected;
  for (int step = 0; step < 50'000; ++step) {
    TimerHeap::Node* node = &nodes[random() % nodes.size()];
    if (random() % 3 == 0) {
      heap.Remove(node);
      expected.erase(node);
    } else {
      const TimePoint time = At(random() % 1000);
      heap.Set(node, time);
      expected[node] = time;
    }
  }
  std::multimap<TimePoint, TimerHeap::Node*> by_time;
  for (const auto& [node, time] : expected) by_time.emplace(time, node);
  std::vector<TimePoint> times;
  for (const auto& [time, node] : by_time) times.push_back(time);
  EXPECT_EQ(Drain(heap), times);
}

}  // namespace
}  // namespace muster::loop
