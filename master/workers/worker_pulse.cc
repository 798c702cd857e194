#include "muster/master/workers/worker_pulse.h"

#include <sys/wait.h>

#include <algorithm>

namespace muster::master {
namespace {

std::optional<loop::Clock::duration> HungFor(bool is_stopped, const worker::SharedZone& zone,
                                             std::uint32_t slot, const Silence& silence,
                                             loop::TimePoint now) {
  std::optional<loop::Clock::duration> since = SinceHeartbeat(zone, slot, now);
  const loop::Clock::duration counted =
      std::max(now - silence.counted_from, loop::Clock::duration::zero());
  if (since.has_value()) since = std::min(*since, counted);
  if (is_stopped) return since.value_or(loop::Clock::duration::zero());
  if (silence.most == loop::Clock::duration::zero()) return std::nullopt;
  return since.has_value() && *since > silence.most ? since : std::nullopt;
}

}  // namespace

std::optional<loop::Clock::duration> SinceHeartbeat(const worker::SharedZone& zone,
                                                    std::uint32_t slot, loop::TimePoint now) {
  const std::optional<ipc::ParticipantRecord> record = zone.registry().Read(slot);
  if (!record.has_value() || record->heartbeat == loop::TimePoint()) return std::nullopt;
  if (record->heartbeat > now) return std::nullopt;
  return now - record->heartbeat;
}

std::optional<loop::Clock::duration> SinceHeartbeat(const worker::SharedZone& zone,
                                                    ipc::OwnerTag tag, loop::TimePoint now) {
  return SinceHeartbeat(zone, tag.slot(), now);
}

std::optional<loop::Clock::duration> HungFor(const SupervisedWorker& process,
                                             const worker::SharedZone& zone, ipc::OwnerTag tag,
                                             const Silence& silence, loop::TimePoint now) {
  return HungFor(process.IsStopped(), zone, tag.slot(), silence, now);
}

std::optional<loop::Clock::duration> HungFor(pid_t pid, const worker::SharedZone& zone,
                                             std::uint32_t slot, const Silence& silence,
                                             loop::TimePoint now) {
  // A call of the system for each worker would be most of what a status costs.
  const std::optional<loop::Clock::duration> since = SinceHeartbeat(zone, slot, now);
  if (since.has_value() && *since < kAliveFor) return std::nullopt;
  siginfo_t stop = {};
  const bool is_stopped =
      ::waitid(P_PID, static_cast<id_t>(pid), &stop, WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
      stop.si_pid != 0;
  return HungFor(is_stopped, zone, slot, silence, now);
}

}  // namespace muster::master
