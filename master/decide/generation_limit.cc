#include "muster/master/decide/generation_limit.h"

#include "absl/strings/str_cat.h"
#include "muster/master/decide/worker_lifecycle.h"

namespace muster::master {

std::set<std::uint64_t> EndSurplusGenerations(std::uint64_t serving, std::uint32_t max_generations,
                                              WorkerSlots& workers, Decision& decision) {
  std::set<std::uint64_t> ended;
  std::set<std::uint64_t> alive;
  for (const auto& [slot, worker] : workers.records()) {
    if (worker.state == WorkerState::kDraining || worker.generation == serving) {
      alive.insert(worker.generation);
    }
  }
  while (alive.size() > max_generations) {
    const std::uint64_t oldest = *alive.begin();
    decision.Log(Severity::kWarning,
                 absl::StrCat("generation ", oldest, " is ended at once: more than ",
                              max_generations, " are alive"));
    for (auto& [slot, worker] : workers.records()) {
      if (worker.generation == oldest) WorkerLifecycle(worker, decision).End(WorkerEvent::kStop);
    }
    alive.erase(oldest);
    ended.insert(oldest);
  }
  return ended;
}

}  // namespace muster::master
