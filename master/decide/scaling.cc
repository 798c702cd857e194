#include "muster/master/decide/scaling.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/master/decide/worker_lifecycle.h"
#include "muster/proto/counted.h"

namespace muster::master {
namespace {

// Who is farther is missed less.
int HowFarFromServing(WorkerState state) {
  switch (state) {
    case WorkerState::kServing:
      return 0;
    case WorkerState::kReady:
    case WorkerState::kStarting:
      return 1;
    case WorkerState::kBackoff:
      return 2;
    case WorkerState::kGaveUp:
      return 3;
    case WorkerState::kDraining:
    case WorkerState::kStopping:
    case WorkerState::kGone:
      break;  // nobody wants it any more
  }
  return 0;
}

}  // namespace

std::uint32_t FreeIndex(std::uint64_t generation, const WorkerSlots& workers) {
  std::set<std::uint32_t> used;
  for (const auto& [slot, worker] : workers.records()) {
    if (worker.generation == generation && worker.is_wanted) used.insert(worker.index);
  }
  std::uint32_t index = 0;
  while (used.count(index) > 0) ++index;
  return index;
}

void AddWorker(std::uint64_t generation, const Settings& settings, WorkerSlots& workers,
               Decision& decision) {
  const std::uint32_t wanted = workers.wanted(generation);
  if (wanted >= kMostWorkers) {
    decision.Log(Severity::kWarning,
                 absl::StrCat("not one worker more: ", kMostWorkers, " are the most"));
    return;
  }
  WorkerRecord* worker = workers.Take(generation, FreeIndex(generation, workers), settings);
  if (worker == nullptr) {
    decision.Log(Severity::kWarning, "not one worker more: no slot is free");
    return;
  }
  WorkerLifecycle(*worker, decision).Start();
  decision.Tell(Topic::kWorkersScaled, Severity::kInfo,
                absl::StrCat("one worker more: ", config::Counted(wanted + 1, "worker")),
                generation);
}

WorkerRecord* FindSurplus(std::uint64_t generation, WorkerSlots& workers) {
  WorkerRecord* surplus = nullptr;
  for (auto& [slot, worker] : workers.records()) {
    if (worker.generation != generation || !worker.is_wanted || worker.is_on_probation) continue;
    const auto rank = [](const WorkerRecord& one) {
      return std::make_pair(HowFarFromServing(one.state), one.index);
    };
    if (surplus == nullptr || rank(worker) > rank(*surplus)) surplus = &worker;
  }
  if (surplus == nullptr || workers.wanted(generation) <= 1) return nullptr;
  const bool is_last = surplus->state == WorkerState::kServing && workers.serving(generation) <= 1;
  return is_last ? nullptr : surplus;
}

void RemoveWorker(std::uint64_t generation, WorkerSlots& workers, Decision& decision) {
  WorkerRecord* const surplus = FindSurplus(generation, workers);
  if (surplus == nullptr) {
    decision.Log(Severity::kWarning, "the last worker stays");
    return;
  }
  decision.Tell(
      Topic::kWorkersScaled, Severity::kInfo,
      absl::StrCat("one worker fewer: ", config::Counted(workers.wanted(generation) - 1, "worker")),
      generation);
  WorkerLifecycle(*surplus, decision).End(WorkerEvent::kDrain);
}

}  // namespace muster::master
