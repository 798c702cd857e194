#include "muster/worker/zone/zone_snapshot.h"

#include <algorithm>
#include <optional>

#include "muster/ipc/lock/registry.h"

namespace muster::worker {
namespace {

// The end of the year 9999, beyond which there are no dates as text.
constexpr std::int64_t kLatestStartTime = 253402300799;

using SteadyTime = std::chrono::steady_clock::time_point;

std::uint64_t Level(const ipc::Gauge& gauge) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(gauge.value(), 0));
}

// A time that is not in the past, or before the clock's zero, was never: no time has passed.
std::chrono::nanoseconds Since(SteadyTime then, SteadyTime now) {
  return then < SteadyTime() || then > now ? SteadyTime::duration::zero() : now - then;
}

SlotSnapshot ReadSlot(const SharedZone& zone, std::uint32_t slot, SteadyTime now) {
  SlotSnapshot snapshot;
  snapshot.slot = slot;
  snapshot.counters = ReadStats(zone.stats(slot));
  const WorkerStatus& status = zone.worker_status(slot);
  snapshot.log_lines_lost = ReadTotal(status.log_lines_lost);
  snapshot.refused_over_limit = ReadTotal(status.refused_over_limit);
  snapshot.refused_by_proxy_protocol = ReadTotal(status.refused_by_proxy_protocol);
  snapshot.latency = ReadLatency(zone.latency(slot));
  snapshot.last_words = ReadLastWords(zone.last_words(slot));
  const std::optional<ipc::ParticipantRecord> record = zone.registry().Read(slot);
  if (!record.has_value() || record->state != ipc::ParticipantState::kLive) return snapshot;
  snapshot.phase = ReadPhase(status);
  snapshot.pid = record->pid;
  if (snapshot.phase == WorkerPhase::kNone) return snapshot;
  snapshot.generation = Level(status.generation);
  snapshot.age = Since(SteadyTime(std::chrono::nanoseconds(Level(status.started))), now);
  snapshot.since_heartbeat = Since(record->heartbeat, now);
  snapshot.request = ReadRequest(zone.request(slot));
  if (snapshot.request) snapshot.request_age = Since(snapshot.request->began, now);
  return snapshot;
}

}  // namespace

int ZoneSnapshot::CountIn(WorkerPhase phase) const {
  return static_cast<int>(std::count_if(slots.begin(), slots.end(), [phase](const auto& slot) {
    return slot.pid != 0 && slot.phase == phase;
  }));
}

ZoneSnapshot TakeSnapshot(const SharedZone& zone, SteadyTime now) {
  ZoneSnapshot snapshot;
  const MasterStatus& master = zone.master_status();
  snapshot.master_pid = static_cast<pid_t>(master.pid.value());
  snapshot.master_start_time =
      std::clamp<std::int64_t>(master.start_time.value(), 0, kLatestStartTime);
  if (const std::uint64_t started = Level(master.started); started != 0) {
    snapshot.master_uptime = Since(SteadyTime(std::chrono::nanoseconds(started)), now);
  }
  snapshot.generation = Level(master.generation);
  snapshot.worker_processes = Level(master.worker_processes);
  snapshot.reloads = Level(master.reloads);
  snapshot.reloads_refused = Level(master.reloads_refused);
  snapshot.crashes = Level(master.crashes);
  snapshot.master_log_lines_lost = Level(master.log_lines_lost);

  const std::uint32_t used = zone.slots_used();
  for (std::uint32_t slot = 0; slot < used; ++slot) {
    snapshot.slots.push_back(ReadSlot(zone, slot, now));
    snapshot.total += snapshot.slots.back().counters;
    snapshot.latency += snapshot.slots.back().latency;
  }
  snapshot.events = ReadEvents(zone.events());
  return snapshot;
}

}  // namespace muster::worker
