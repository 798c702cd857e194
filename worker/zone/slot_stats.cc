#include "muster/worker/zone/slot_stats.h"

#include <algorithm>

namespace muster::worker {
namespace {

std::uint64_t Level(const ipc::Gauge& gauge) {
  constexpr auto kHighest = static_cast<std::int64_t>(kHighestLevel);
  return static_cast<std::uint64_t>(std::clamp<std::int64_t>(gauge.value(), 0, kHighest));
}

// Both are at most kMostCounted, so that their sum is a number.
void Add(std::uint64_t& sum, std::uint64_t value) { sum = std::min(sum + value, kMostCounted); }

}  // namespace

StatsValues& StatsValues::operator+=(const StatsValues& other) {
  Add(accepted, other.accepted);
  Add(handled, other.handled);
  Add(requests, other.requests);
  Add(bytes_received, other.bytes_received);
  Add(bytes_sent, other.bytes_sent);
  Add(closed_at_deadline, other.closed_at_deadline);
  Add(handed_off, other.handed_off);
  Add(adopted, other.adopted);
  Add(active, other.active);
  Add(reading, other.reading);
  Add(writing, other.writing);
  Add(waiting, other.waiting);
  for (std::size_t i = 0; i < kResponseClasses; ++i) Add(responses[i], other.responses[i]);
  return *this;
}

StatsValues StatsValues::Since(const StatsValues& before) const {
  const auto subtract = [](std::uint64_t& total, std::uint64_t earlier) {
    total -= std::min(total, earlier);
  };
  StatsValues since = *this;
  subtract(since.accepted, before.accepted);
  subtract(since.handled, before.handled);
  subtract(since.requests, before.requests);
  subtract(since.bytes_received, before.bytes_received);
  subtract(since.bytes_sent, before.bytes_sent);
  subtract(since.closed_at_deadline, before.closed_at_deadline);
  subtract(since.handed_off, before.handed_off);
  subtract(since.adopted, before.adopted);
  for (std::size_t i = 0; i < kResponseClasses; ++i) {
    subtract(since.responses[i], before.responses[i]);
  }
  return since;
}

std::uint64_t ReadTotal(const ipc::Counter& counter) {
  const std::uint64_t value = counter.value();
  return value <= kMostCounted ? value : 0;
}

StatsValues ReadStats(const SlotStats& stats) {
  StatsValues values;
  values.accepted = ReadTotal(stats.accepted);
  values.handled = ReadTotal(stats.handled);
  values.requests = ReadTotal(stats.requests);
  values.bytes_received = ReadTotal(stats.bytes_received);
  values.bytes_sent = ReadTotal(stats.bytes_sent);
  values.closed_at_deadline = ReadTotal(stats.closed_at_deadline);
  values.handed_off = ReadTotal(stats.handed_off);
  values.adopted = ReadTotal(stats.adopted);
  values.active = Level(stats.active);
  values.reading = Level(stats.reading);
  values.writing = Level(stats.writing);
  values.waiting = Level(stats.waiting);
  for (std::size_t i = 0; i < kResponseClasses; ++i) {
    values.responses[i] = ReadTotal(stats.responses[i]);
  }
  return values;
}

}  // namespace muster::worker
