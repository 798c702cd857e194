#include "muster/worker/runtime/handoff/handoff_board.h"

#include <algorithm>

#include "muster/ipc/lock/counter.h"
#include "muster/worker/zone/master_status.h"

namespace muster::worker {
namespace {

// More than worker_connections may be: what is above is no number of connections.
constexpr std::int64_t kMost = std::int64_t{1} << 21;

std::uint64_t Bounded(const ipc::Gauge& gauge) {
  return static_cast<std::uint64_t>(std::clamp<std::int64_t>(gauge.value(), 0, kMost));
}

}  // namespace

std::uint64_t HandoffBoard::serving_generation() const {
  return static_cast<std::uint64_t>(zone_.master_status().generation.value());
}

HandoffTaker HandoffBoard::Read(std::uint32_t slot) const {
  const SlotStats& stats = zone_.stats(slot);
  const std::uint64_t capacity = Bounded(zone_.worker_status(slot).capacity);
  return {.slot = slot,
          .held = Bounded(stats.active),
          .capacity = capacity == 0 ? untold_ : capacity - 1,
          .adopted = stats.adopted.value()};
}

std::vector<HandoffTaker> HandoffBoard::OtherTakers() const {
  std::vector<HandoffTaker> takers;
  const std::uint64_t serving = serving_generation();
  const std::uint32_t used = zone_.slots_used();
  for (std::uint32_t slot = 0; slot < used; ++slot) {
    const WorkerStatus& status = zone_.worker_status(slot);
    if (slot == slot_ || static_cast<std::uint64_t>(status.generation.value()) != serving) continue;
    const WorkerPhase phase = ReadPhase(status);
    if (phase == WorkerPhase::kDraining) continue;
    // Ready, as it tells by its capacity, or by serving if it tells none.
    if (phase == WorkerPhase::kNone && status.capacity.value() == 0) continue;
    takers.push_back(Read(slot));
  }
  return takers;
}

bool HandoffBoard::IsGiver(std::uint32_t slot) const {
  if (slot == slot_) return true;
  const WorkerStatus& status = zone_.worker_status(slot);
  const WorkerPhase phase = ReadPhase(status);
  if (phase == WorkerPhase::kNone) return false;
  return phase == WorkerPhase::kDraining ||
         static_cast<std::uint64_t>(status.generation.value()) != serving_generation();
}

std::uint64_t HandoffBoard::Unsent() const {
  std::uint64_t unsent = 0;
  const std::uint32_t used = zone_.slots_used();
  for (std::uint32_t slot = 0; slot < used; ++slot) {
    if (IsGiver(slot)) unsent += Bounded(zone_.worker_status(slot).unsent);
  }
  return unsent;
}

bool HandoffBoard::AllTakeMemory() const {
  const std::uint32_t used = zone_.slots_used();
  for (std::uint32_t slot = 0; slot < used; ++slot) {
    const WorkerStatus& status = zone_.worker_status(slot);
    const bool is_there =
        slot == slot_ || ReadPhase(status) != WorkerPhase::kNone || status.capacity.value() != 0;
    const std::int64_t started = status.started.value();
    if (is_there && (started == 0 || status.takes_memory.value() != started)) return false;
  }
  return true;
}

std::uint64_t HandoffBoard::Givers() const {
  std::uint64_t givers = 0;
  const std::uint32_t used = zone_.slots_used();
  for (std::uint32_t slot = 0; slot < used; ++slot) givers += IsGiver(slot) ? 1 : 0;
  return std::max<std::uint64_t>(givers, 1);
}

}  // namespace muster::worker
