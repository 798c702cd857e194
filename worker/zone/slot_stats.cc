#include "muster/worker/zone/slot_stats.h"

#include <algorithm>

namespace muster::worker {
namespace {

std::uint64_t Level(const ipc::Gauge& gauge) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(gauge.value(), 0));
}

}  // namespace

StatsValues& StatsValues::operator+=(const StatsValues& other) {
  accepted += other.accepted;
  handled += other.handled;
  requests += other.requests;
  bytes_received += other.bytes_received;
  bytes_sent += other.bytes_sent;
  closed_at_deadline += other.closed_at_deadline;
  handed_off += other.handed_off;
  adopted += other.adopted;
  active += other.active;
  reading += other.reading;
  writing += other.writing;
  waiting += other.waiting;
  for (std::size_t i = 0; i < kResponseClasses; ++i) responses[i] += other.responses[i];
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

StatsValues ReadStats(const SlotStats& stats) {
  StatsValues values;
  values.accepted = stats.accepted.value();
  values.handled = stats.handled.value();
  values.requests = stats.requests.value();
  values.bytes_received = stats.bytes_received.value();
  values.bytes_sent = stats.bytes_sent.value();
  values.closed_at_deadline = stats.closed_at_deadline.value();
  values.handed_off = stats.handed_off.value();
  values.adopted = stats.adopted.value();
  values.active = Level(stats.active);
  values.reading = Level(stats.reading);
  values.writing = Level(stats.writing);
  values.waiting = Level(stats.waiting);
  for (std::size_t i = 0; i < kResponseClasses; ++i) {
    values.responses[i] = stats.responses[i].value();
  }
  return values;
}

}  // namespace muster::worker
