#include "muster/master/decide/worker_slots.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace muster::master {

WorkerRecord* WorkerSlots::Take(std::uint64_t generation, std::uint32_t index,
                                const Settings& settings) {
  std::uint32_t slot = 0;
  for (const auto& [taken, worker] : records_) {
    if (taken != slot) break;
    ++slot;
  }
  if (slot == slots_) return nullptr;
  WorkerRecord& worker = records_[slot];
  worker.slot = slot;
  worker.generation = generation;
  worker.index = index;
  worker.ready_timeout = settings.ready_timeout;
  worker.shutdown_timeout = settings.shutdown_timeout;
  worker.heartbeat_timeout = settings.heartbeat_timeout;
  worker.kills_hung = settings.kills_hung;
  return &worker;
}

void WorkerSlots::Sweep() {
  std::erase_if(records_,
                [](const auto& entry) { return entry.second.state == WorkerState::kGone; });
}

void WorkerSlots::Restore(
    const google::protobuf::RepeatedPtrField<state::v1::CoreState::Worker>& state,
    StateReader& reader) {
  records_.clear();
  for (int i = 0; i < state.size(); ++i) {
    const StateReader::Below below(reader, absl::StrCat("worker[", i, "]"));
    WorkerRecord worker = WorkerRecord::Restore(state[i], reader);
    reader.Expect(worker.slot < slots_, "slot");
    reader.Expect(records_.empty() || worker.slot > records_.rbegin()->first, "slot",
                  "it does not grow");
    records_[worker.slot] = std::move(worker);
  }
}

std::uint32_t WorkerSlots::free_slots() const {
  return slots_ - static_cast<std::uint32_t>(records_.size());
}

WorkerRecord* WorkerSlots::Find(std::uint32_t slot) {
  const auto found = records_.find(slot);
  return found == records_.end() ? nullptr : &found->second;
}

bool WorkerSlots::has_processes() const {
  return std::any_of(records_.begin(), records_.end(),
                     [](const auto& entry) { return HasProcess(entry.second.state); });
}

std::optional<TimePoint> WorkerSlots::next_deadline() const {
  std::optional<TimePoint> next;
  for (const auto& [slot, worker] : records_) {
    if (worker.deadline && (!next || *worker.deadline < *next)) next = worker.deadline;
  }
  return next;
}

std::uint32_t WorkerSlots::wanted(std::uint64_t generation) const {
  return static_cast<std::uint32_t>(
      std::count_if(records_.begin(), records_.end(), [generation](const auto& entry) {
        const WorkerRecord& worker = entry.second;
        return worker.generation == generation && worker.is_wanted && !worker.is_on_probation;
      }));
}

std::uint32_t WorkerSlots::serving(std::uint64_t generation) const {
  return static_cast<std::uint32_t>(
      std::count_if(records_.begin(), records_.end(), [generation](const auto& entry) {
        const WorkerRecord& worker = entry.second;
        return worker.generation == generation && worker.is_wanted && !worker.was_killed &&
               worker.state == WorkerState::kServing;
      }));
}

bool WorkerSlots::IsServedByOthers(const WorkerRecord& worker) const {
  return std::any_of(records_.begin(), records_.end(), [&worker](const auto& entry) {
    const WorkerRecord& other = entry.second;
    return other.slot != worker.slot && other.generation == worker.generation && other.is_wanted &&
           !other.was_killed && other.state == WorkerState::kServing;
  });
}

std::uint32_t WorkerSlots::left(std::uint64_t generation) const {
  return static_cast<std::uint32_t>(
      std::count_if(records_.begin(), records_.end(), [generation](const auto& entry) {
        return entry.second.generation == generation && entry.second.state != WorkerState::kGone;
      }));
}

WorkerRecord* WorkerSlots::FindIndex(std::uint64_t generation, std::uint32_t index) {
  for (auto& [slot, worker] : records_) {
    if (worker.generation == generation && worker.index == index && worker.is_wanted &&
        !worker.is_on_probation) {
      return &worker;
    }
  }
  return nullptr;
}

bool WorkerSlots::AnyIs(WorkerState state, std::uint64_t generation) const {
  return std::any_of(records_.begin(), records_.end(), [=](const auto& entry) {
    return entry.second.generation == generation && entry.second.state == state;
  });
}

bool WorkerSlots::AllAre(WorkerState state, std::uint64_t generation) const {
  return std::all_of(records_.begin(), records_.end(), [=](const auto& entry) {
    return entry.second.generation != generation || entry.second.state == state;
  });
}

}  // namespace muster::master
