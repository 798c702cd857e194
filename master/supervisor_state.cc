// What of a supervisor another program in this process goes on with.

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/master/deployment/zone_state.h"
#include "muster/master/keep/saved_time.h"
#include "muster/master/keep/state_error.h"
#include "muster/master/supervisor.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {

namespace {

// Of those that came with the last upgrade, or later, but the one that serves; and of the others
// none.
std::set<std::uint64_t> SinceUpgrade(const state::v1::CoreState& core) {
  std::set<std::uint64_t> since;
  for (const state::v1::CoreState::Generation& generation : core.generation()) {
    if (generation.origin() == state::v1::CoreState::Generation::UPGRADE) since.clear();
    since.insert(generation.number());
  }
  const bool has_upgrade =
      std::any_of(core.generation().begin(), core.generation().end(), [](const auto& generation) {
        return generation.origin() == state::v1::CoreState::Generation::UPGRADE;
      });
  if (!has_upgrade) return {};
  since.erase(core.serving());
  return since;
}

void Leave(const std::set<std::uint64_t>& generations, state::v1::CoreState& core) {
  google::protobuf::RepeatedPtrField<state::v1::CoreState::Generation> kept;
  for (state::v1::CoreState::Generation& generation : *core.mutable_generation()) {
    if (generations.count(generation.number()) == 0) *kept.Add() = std::move(generation);
  }
  core.mutable_generation()->Swap(&kept);
}

}  // namespace

absl::StatusOr<Supervisor::Saved> Supervisor::Save(DescriptorKeep& keep, History history) const {
  if (!brought_.empty()) return absl::FailedPreconditionError("a reload is under way");
  if (!ready_.is_done()) return absl::FailedPreconditionError("the master starts");
  Saved saved;
  LiveWorkers::ZoneTable zones;
  saved.core = core_.Save();
  std::set<std::uint64_t> left_out;
  if (history == History::kBeforeUpgrade) left_out = SinceUpgrade(saved.core);
  Leave(left_out, saved.core);
  MUSTER_ASSIGN_OR_RETURN(saved.deployment, deployments_->Save(keep, zones, left_out));
  MUSTER_ASSIGN_OR_RETURN(*saved.rest.mutable_workers(), workers_.Save(keep, zones));
  *saved.deployment.mutable_user_zone() = SaveUserZones(zones, keep);
  saved.zone = SaveSharedZone(zone_, keep);
  *saved.rest.mutable_reporter() = reporter_.Save();
  *saved.rest.mutable_hung_watch() = hung_watch_.Save();
  *saved.rest.mutable_notifier() = notifier_.Save();
  for (const std::string& name : store_.stored()) saved.rest.add_stored_descriptor(name);
  *saved.rest.mutable_zone_events() = zone_events_.Save();
  if (zone_upkeep_) saved.rest.set_next_zone_warning(ToSavedTime(zone_upkeep_->next_warning()));
  if (listener_watch_) {
    for (const std::string& address : listener_watch_->unreachable()) {
      saved.rest.add_unreachable(address);
    }
  }
  saved.rest.set_last_request(last_request_);
  saved.rest.set_closed_in_handoff(closed_in_handoff_);
  saved.rest.set_closed_before(closed_before_);
  return saved;
}

absl::StatusOr<std::unique_ptr<Supervisor>> Supervisor::Restore(
    loop::EventLoop& loop, Log& log, EventRing& events, PidFile& pid_file, const Saved& saved,
    DescriptorInheritance& inheritance) {
  MUSTER_ASSIGN_OR_RETURN(worker::SharedZone zone, RestoreSharedZone(saved.zone, inheritance));
  MUSTER_ASSIGN_OR_RETURN(SupervisorCore core,
                          SupervisorCore::Restore(saved.core, zone.capacity()));
  MUSTER_ASSIGN_OR_RETURN(const LiveWorkers::ZoneTable zones,
                          RestoreUserZones(saved.deployment.user_zone(), inheritance));
  std::unique_ptr<Supervisor> supervisor(
      new Supervisor(loop, log, events, pid_file, std::move(zone), std::move(core), nullptr));
  MUSTER_ASSIGN_OR_RETURN(
      supervisor->deployments_,
      Deployments::Restore(loop, saved.deployment, inheritance, zones,
                           [target = supervisor.get()](LoadId load, const absl::Status& status) {
                             target->OnLoaded(load, status);
                           }));
  MUSTER_RETURN_IF_ERROR(
      InStateField("supervisor", supervisor->RestoreRest(saved.rest, inheritance, zones)));
  supervisor->reporter_.PublishHealth();
  supervisor->reporter_.Publish();
  return supervisor;
}

absl::Status Supervisor::RestoreRest(const state::v1::SupervisorState& state,
                                     DescriptorInheritance& inheritance,
                                     const LiveWorkers::ZoneTable& zones) {
  const Deployment* const current = deployments_->current();
  if (current == nullptr) return StateError("workers", "are there without a generation");
  MUSTER_RETURN_IF_ERROR(InStateField(
      "workers", workers_.Restore(state.workers(), inheritance, zones, current->launch)));
  MUSTER_RETURN_IF_ERROR(CheckWorkers());
  for (const auto& [slot, worker] : core_.workers()) {
    if (worker.protocol != 0) workers_.SetProtocol(slot, worker.protocol);
  }
  MUSTER_RETURN_IF_ERROR(InStateField("reporter", reporter_.Restore(state.reporter())));
  MUSTER_RETURN_IF_ERROR(notifier_.Restore(state.notifier()));
  store_.SetStored({state.stored_descriptor().begin(), state.stored_descriptor().end()});
  MUSTER_RETURN_IF_ERROR(zone_events_.Restore(state.zone_events()));
  hung_watch_.Restore(state.hung_watch());
  last_request_ = state.last_request();
  closed_in_handoff_ = state.closed_in_handoff();
  closed_before_ = state.closed_before();
  next_zone_warning_ = FromSavedTime(state.next_zone_warning());
  unreachable_.assign(state.unreachable().begin(), state.unreachable().end());
  return absl::OkStatus();
}

absl::Status Supervisor::CheckWorkers() const {
  std::size_t processes = 0;
  for (const auto& [slot, worker] : core_.workers()) {
    if (worker.pid == 0) continue;
    ++processes;
    if (worker.protocol > worker::kProtocolVersion ||
        (worker.protocol != 0 && worker.protocol < worker::kOldestProtocolVersion)) {
      return StateError("workers",
                        absl::StrCat("speak version ", worker.protocol, " of the protocol in slot ",
                                     slot, "; this program speaks ", worker::kOldestProtocolVersion,
                                     " to ", worker::kProtocolVersion));
    }
    if (workers_.PidOf(slot) != worker.pid) {
      return StateError("workers", absl::StrCat("have no process ", worker.pid, " in slot ", slot,
                                                ", which the core has"));
    }
    // One of an attempt that has failed only ends.
    if (worker.is_wanted && deployments_->Find(worker.generation) == nullptr) {
      return StateError("workers", absl::StrCat("are of generation ", worker.generation,
                                                " in slot ", slot, ", which is not kept"));
    }
  }
  if (processes == workers_.size()) return absl::OkStatus();
  return StateError("workers", absl::StrCat("are ", workers_.size(), "; the core has ", processes));
}

absl::Status Supervisor::Watch() { return workers_.Watch(); }

void Supervisor::Begin() {
  deployments_->Begin();
  BeginUpkeep();
  zone_upkeep_->SetNextWarning(next_zone_warning_);
  listener_watch_->SetUnreachable(std::move(unreachable_));
  hung_watch_.Begin();
  StoreDescriptors();
  reporter_.PublishStatus();
  // How this program came to be here comes first: a death before that would be one during the exec,
  // and the last of all would end the upgrade. Then those who have died meanwhile, and what was
  // asked for since the program was there.
  std::deque<Event> asked = std::exchange(events_, {});
  if (outcome_.has_value()) Handle(*std::exchange(outcome_, std::nullopt));
  workers_.Begin();
  for (Event& event : asked) Handle(std::move(event));
  HandleEvents();
}

}  // namespace muster::master
