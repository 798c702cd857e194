#include "muster/ipc/lock/internal/participant_line.h"

#include <chrono>

namespace muster::ipc::internal {
namespace {

constexpr std::uint32_t MarkOf(std::uint32_t generation) { return generation + 1; }

}  // namespace

bool ParticipantLine::Change(OwnerTag tag, ParticipantState from, ParticipantState to) {
  std::uint32_t seen = identity.load(std::memory_order_relaxed);
  do {
    if ((seen & ~kJoined) != IdentityWord(from, tag.generation())) return false;
    // Release: pairs with the acquire in Registry::IsLive and Reserve. Who sees a participant
    // dead sees what it wrote before the caller learnt of its death. Acquire: the
    // step before this one was maybe another process's.
  } while (!identity.compare_exchange_weak(seen, IdentityWord(to, tag.generation()),
                                           std::memory_order_acq_rel, std::memory_order_relaxed));
  return true;
}

bool ParticipantLine::WithdrawReserved(OwnerTag tag) {
  std::uint32_t unjoined = ReservedIdentity(tag);
  return identity.compare_exchange_strong(unjoined,
                                          IdentityWord(ParticipantState::kDead, tag.generation()),
                                          std::memory_order_acq_rel, std::memory_order_relaxed);
}

ProcessIdentity ParticipantLine::ProcessOf(std::uint32_t generation) const {
  // Acquire: pairs with the release in TellProcess.
  if (process_mark.load(std::memory_order_acquire) != MarkOf(generation)) return {};
  return {.pid = pid.load(std::memory_order_acquire),
          .start_time_ticks = start_time_ticks.load(std::memory_order_relaxed),
          .pid_namespace = pid_namespace.load(std::memory_order_relaxed)};
}

ProcessIdentity ParticipantLine::ReserverOf(std::uint32_t generation) const {
  // Acquire: pairs with the release in TellReserver.
  if (reserver_mark.load(std::memory_order_acquire) != MarkOf(generation)) return {};
  return {
      .pid = reserver_pid.load(std::memory_order_relaxed),
      .start_time_ticks = reserver_start_time_ticks.load(std::memory_order_relaxed),
      .pid_namespace = reserver_pid_namespace.load(std::memory_order_relaxed),
  };
}

void ParticipantLine::TellProcess(std::uint32_t generation, const ProcessIdentity& process) {
  const std::uint32_t mark = MarkOf(generation);
  // The heartbeat of the process before. Who has joined has set the mark, and then its heartbeat.
  if (process_mark.load(std::memory_order_relaxed) != mark) {
    heartbeat_ns.store(0, std::memory_order_relaxed);
  }
  start_time_ticks.store(process.start_time_ticks, std::memory_order_relaxed);
  pid_namespace.store(process.pid_namespace, std::memory_order_relaxed);
  // Release, both: who sees the pid, or the mark, sees the rest.
  pid.store(process.pid, std::memory_order_release);
  process_mark.store(mark, std::memory_order_release);
}

void ParticipantLine::TellReserver(std::uint32_t generation, const ProcessIdentity& reserver) {
  reserver_pid.store(reserver.pid, std::memory_order_relaxed);
  reserver_start_time_ticks.store(reserver.start_time_ticks, std::memory_order_relaxed);
  reserver_pid_namespace.store(reserver.pid_namespace, std::memory_order_relaxed);
  // Release: pairs with the acquire in ReserverOf.
  reserver_mark.store(MarkOf(generation), std::memory_order_release);
}

ParticipantRecord ParticipantLine::Record(std::uint32_t slot) const {
  // Acquire: pairs with the release in Reserve.
  const std::uint32_t seen = identity.load(std::memory_order_acquire);
  const ProcessIdentity process = ProcessOf(GenerationIn(seen));
  return {
      .state = StateIn(seen),
      .tag = OwnerTag(slot, GenerationIn(seen)),
      .pid = process.pid,
      .start_time_ticks = process.start_time_ticks,
      .pid_namespace = process.pid_namespace,
      .has_joined = (seen & kJoined) != 0,
      .heartbeat = std::chrono::steady_clock::time_point(
          std::chrono::nanoseconds(heartbeat_ns.load(std::memory_order_relaxed))),
  };
}

}  // namespace muster::ipc::internal
