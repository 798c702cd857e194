// What a supervisor does with the configurations of generations: loads, listens, commits and drops.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "muster/host/file_id.h"
#include "muster/ipc/base/check.h"
#include "muster/master/supervisor.h"
#include "muster/master/systemd/stored_name.h"

namespace muster::master {
namespace {

// Those that are not among `others`.
std::vector<std::string> Without(const std::vector<std::string>& addresses,
                                 const std::vector<std::string>& others) {
  std::vector<std::string> left;
  for (const std::string& address : addresses) {
    if (std::count(others.begin(), others.end(), address) == 0) left.push_back(address);
  }
  return left;
}

}  // namespace

void Supervisor::Do(const LoadAction& action) {
  std::optional<CalledConfig> called;
  if (action.config_of != 0) {
    auto brought = brought_.extract(action.config_of);
    MUSTER_CHECK(!brought.empty(), "the core asks once for what a request brought");
    called = std::move(brought.mapped());
  }
  const absl::Status status = deployments_->LoadNext(action.load, std::move(called));
  if (!status.ok()) Handle(LoadRefusedEvent{action.load, status});
}

void Supervisor::Do(const LoadAgainAction& action) {
  if (action.worker_file.has_value()) {
    const absl::Status status = deployments_->LoadWithProgram(action.load, action.generation,
                                                              action.workers, *action.worker_file);
    if (!status.ok()) Handle(LoadRefusedEvent{action.load, status});
    return;
  }
  const absl::StatusOr<bool> is_loaded =
      deployments_->LoadAgain(action.load, action.generation, action.workers);
  if (!is_loaded.ok() || *is_loaded) OnLoaded(action.load, is_loaded.status());
}

void Supervisor::Do(const AbandonLoadAction& action) {
  if (!action.is_overdue) return deployments_->AbandonLoad(action.load);
  Handle(LoadRefusedEvent{action.load, deployments_->AbandonOverdueLoad(action.load)});
}

void Supervisor::OnLoaded(LoadId load, const absl::Status& status) {
  if (!status.ok()) return Handle(LoadRefusedEvent{load, status});
  const Deployment& next = *deployments_->next();
  Handle(LoadedEvent{load, next.settings(), next.made_anew});
}

void Supervisor::Do(const ListenAction& action) {
  std::vector<std::uint32_t> slots;
  for (const auto& [slot, worker] : core_.workers()) {
    if (worker.generation == action.generation) slots.push_back(slot);
  }
  bool have_all = true;
  for (const std::uint32_t slot : slots) {
    if (workers_.CheckExit(slot)) have_all = false;
  }
  if (!have_all) return;
  const absl::Status status = deployments_->ListenOnNext();
  if (status.ok()) {
    Handle(ListeningEvent{action.generation});
  } else {
    Handle(ListenRefusedEvent{action.generation, status});
  }
}

void Supervisor::Do(const CommitAction& action) {
  // Before anybody is told: who drains looks there for those who serve.
  zone_.master_status().generation.Set(static_cast<std::int64_t>(action.generation));
  const bool is_first = deployments_->current() == nullptr;
  const std::vector<std::string> before =
      is_first ? std::vector<std::string>() : deployments_->current()->listeners.addresses();
  deployments_->Commit(action.generation, action.way_back);
  Handle(RetirementEvent{.is_under_way = deployments_->is_retiring()});
  workers_.OnCommit();
  reporter_.PublishHealth();  // it may have another number of workers
  const Deployment& current = *deployments_->current();
  const std::vector<std::string> now = current.listeners.addresses();
  for (const std::string& address : Without(now, before)) {
    log_.Write(Severity::kInfo, absl::StrCat("listening on ", address));
    TellEvent(admin::v1::Event::LISTENING, Severity::kInfo, address);
  }
  for (const std::string& address : Without(before, now)) {
    if (current.listeners.HasSocketAt(address)) continue;  // included in another one
    log_.Write(Severity::kInfo, absl::StrCat("no longer listening on ", address));
    TellEvent(admin::v1::Event::NOT_LISTENING, Severity::kInfo, address);
  }
  log_.Write(Severity::kInfo,
             absl::StrCat("configuration ", current.identity.hash, " is in force",
                          current.identity.is_from_call ? "; it came with a call" : ""));
  zone_.master_status().log_level.Set(0);
  log_opener_.Begin();
  const absl::Status configured =
      log_.Configure(current.config.log(), Log::Echo::kNo,
                     [this](const std::string& path) { return log_opener_.Open(path); });
  if (!configured.ok()) {
    log_.Write(Severity::kError, absl::StrCat("the log stays as it was: ", configured.message()));
  }
  if (!is_first && keep_admin_) {
    const absl::Status status = keep_admin_(current.listeners, current.admin_terms);
    if (!status.ok()) {
      log_.Write(
          Severity::kError,
          absl::StrCat("the admin service is not what the configuration says: ", status.message()));
    }
  }
  StoreDescriptors();
  if (!is_first) return;
  // One that was passed had the file of a master before this one.
  current.listeners.Own();
  if (current.launch.is_as_root()) {
    log_.Write(Severity::kWarning,
               "workers run as root: the configuration names no `user` for them");
  }
  if (const absl::Status status = pid_file_.Write(); !status.ok()) {
    log_.Write(Severity::kError, status.message());
  }
  if (const absl::Status status = ready_.Tell(now); !status.ok()) {
    log_.Write(Severity::kWarning, status.message());
  }
}

void Supervisor::Do(const ReleaseAction& action) { deployments_->Release(action.generation); }
void Supervisor::Do(const ForgetAction& action) { deployments_->Forget(action.generation); }
void Supervisor::Do(const RollBackAction& action) { deployments_->RollBack(action.load); }

void Supervisor::Do(const CloseListenersAction&) {
  if (store_.is_on()) deployments_->LeaveFiles();
  deployments_->CloseListeners();
}

void Supervisor::StoreDescriptors() {
  const Deployment& current = *deployments_->current();
  std::vector<DescriptorStore::Entry> entries;
  for (const std::shared_ptr<Listener>& socket : current.listeners.OnlyForService().sockets()) {
    // The service manager has those of its own socket units anyway.
    const std::optional<host::FileId> id = host::FileId::OfDescriptor(socket->fd());
    if (socket->is_shared() || !id.has_value()) continue;
    const StoredName name = {.kind = StoredName::Kind::kListener, .id = id->inode, .zone = ""};
    entries.push_back({.name = name.ToString(), .fd = socket->fd(), .owner = socket});
  }
  for (const auto& zone : current.zones) {
    const StoredName name = {
        .kind = StoredName::Kind::kZone, .id = zone->instance_id(), .zone = zone->name()};
    entries.push_back(
        {.name = name.ToString(), .fd = zone->memory_fd(), .owner = zone, .can_hang_up = false});
  }
  store_.Keep(std::move(entries));
}

void Supervisor::Do(const CountClosedAction&) { closed_before_ = closed_in_handoff_; }

}  // namespace muster::master
