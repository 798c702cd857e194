#include "muster/master/worker_pulse.h"

namespace muster::master {

std::optional<loop::Clock::duration> SinceHeartbeat(const worker::SharedZone& zone,
                                                    ipc::OwnerTag tag, loop::TimePoint now) {
  const std::optional<ipc::ParticipantRecord> record = zone.registry().Read(tag.slot());
  if (!record.has_value() || record->heartbeat == loop::TimePoint()) return std::nullopt;
  if (record->heartbeat > now) return std::nullopt;
  return now - record->heartbeat;
}

std::optional<loop::Clock::duration> HungFor(const SupervisedWorker& process,
                                             const worker::SharedZone& zone, ipc::OwnerTag tag,
                                             loop::TimePoint now) {
  const std::optional<loop::Clock::duration> since = SinceHeartbeat(zone, tag, now);
  if (process.IsStopped()) return since.value_or(loop::Clock::duration::zero());
  return since.has_value() && *since > kSilentAfter ? since : std::nullopt;
}

}  // namespace muster::master
