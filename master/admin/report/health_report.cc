#include "muster/master/admin/report/health_report.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "muster/log/printable.h"

namespace muster::master {

HealthBoard::States ReportHealth(const SupervisorCore& core, std::uint32_t workers,
                                 const std::set<std::uint32_t>& silent,
                                 const std::vector<std::string>& listeners) {
  const bool is_stopping = core.state() == MasterState::kStopping;
  HealthBoard::States states = {{"muster.admin.v1.Admin", !is_stopping},
                                {"muster.admin", !is_stopping}};
  bool& service = states[""];
  for (std::uint32_t index = 0; index < workers; ++index) {
    states[absl::StrCat("worker/", index)] = false;
  }
  for (const auto& [slot, worker] : core.workers()) {
    if (worker.generation != core.generation()) continue;
    bool& state = states[absl::StrCat("worker/", worker.index)];
    state = worker.state == WorkerState::kServing && worker.is_wanted && silent.count(slot) == 0 &&
            !is_stopping;
    service = service || state;
  }
  states["muster.worker"] = service;
  // All workers accept on all of them.
  for (const std::string& listener : listeners) {
    states[absl::StrCat("listener/", log::Printable(listener))] = service;
  }
  return states;
}

}  // namespace muster::master
