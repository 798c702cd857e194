#include "muster/master/master_state.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/cli/version.h"
#include "muster/ipc/base/status.h"
#include "muster/log/printable.h"
#include "muster/master/decide/upgrade.h"
#include "muster/master/keep/state_error.h"
#include "muster/master/process/signal_orders.h"
#include "muster/master/upgrade/state_format.h"
#include "muster/master/upgrade/undo_guard.h"
#include "muster/proto/state/state_check.h"

namespace muster::master {

absl::StatusOr<state::v1::MasterState> SaveMaster(const StartedMaster& master, DescriptorKeep& keep,
                                                  Supervisor::History history) {
  MUSTER_ASSIGN_OR_RETURN(Supervisor::Saved saved, master.supervisor->Save(keep, history));
  state::v1::MasterState state;
  *state.mutable_core() = std::move(saved.core);
  *state.mutable_deployment() = std::move(saved.deployment);
  *state.mutable_zone() = std::move(saved.zone);
  state::v1::ProcessState& process = *state.mutable_process();
  *process.mutable_supervisor() = std::move(saved.rest);
  *process.mutable_log() = master.records.log.Save(keep);
  *process.mutable_pid_file() = master.pid_file.Save(keep);
  *process.mutable_events() = master.records.events.Save();
  *process.mutable_calls() = master.records.audit.Save();
  *process.mutable_counts() = master.records.counts.Save();
  return state;
}

absl::StatusOr<state::v1::MasterState> ParseMasterState(absl::string_view bytes) {
  state::v1::MasterState state;
  if (!state.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError("the state is no message of a master");
  }
  if (state.format() < kOldestStateFormat || state.format() > kStateFormat) {
    const absl::Status status = StateError(
        "format", absl::StrCat("is ", state.format(), ", of version ",
                               log::Printable(state.version()), "; version ", cli::kVersion,
                               " reads ", kOldestStateFormat, " to ", kStateFormat));
    return absl::UnimplementedError(status.message());
  }
  MUSTER_RETURN_IF_ERROR(FromStateFormat(state));
  MUSTER_RETURN_IF_ERROR(state::CheckKnown(state));
  return state;
}

absl::StatusOr<Invocation> RestoreInvocation(const state::v1::CommandLineState& state) {
  Invocation invocation;
  invocation.arguments.assign(state.arguments().begin(), state.arguments().end());
  invocation.config_file = state.config_file();
  invocation.prefix = state.prefix();
  invocation.worker_binary = state.worker_binary();
  for (const auto& [field, path] : {std::pair("config_file", &invocation.config_file),
                                    std::pair("prefix", &invocation.prefix)}) {
    if (path->empty() || path->front() != '/') {
      return StateError(absl::StrCat("command_line.", field), "is no absolute path");
    }
  }
  return invocation;
}

RestoredMaster::RestoredMaster(const state::v1::MasterState& state, Log& log)
    : inheritance_(std::set<int>(state.descriptors().begin(), state.descriptors().end())),
      records_(log) {}

absl::StatusOr<std::unique_ptr<RestoredMaster>> RestoredMaster::Restore(
    const state::v1::MasterState& state, bool is_back, Log& log) {
  const state::v1::ProcessState& process = state.process();
  std::unique_ptr<RestoredMaster> restored(new RestoredMaster(state, log));
  restored->was_undo_ = state.programs().is_undo();
  restored->is_back_ = is_back;
  DescriptorInheritance& inheritance = restored->inheritance_;
  MasterRecords& records = restored->records_;
  NoteRestoreStep("restoring its log");
  MUSTER_RETURN_IF_ERROR(InStateField("process", log.Restore(process.log(), inheritance)));
  NoteRestoreStep("restoring the pid file");
  absl::StatusOr<PidFile> pid_file = PidFile::Restore(process.pid_file(), inheritance);
  if (!pid_file.ok()) return InStateField("process", pid_file.status());
  restored->pid_file_ = std::make_unique<PidFile>(*std::move(pid_file));
  NoteRestoreStep("restoring the records");
  MUSTER_RETURN_IF_ERROR(InStateField("process", records.events.Restore(process.events())));
  MUSTER_RETURN_IF_ERROR(InStateField("process", records.audit.Restore(process.calls())));
  MUSTER_RETURN_IF_ERROR(InStateField("process", records.counts.Restore(process.counts())));
  NoteRestoreStep("restoring the programs");
  MUSTER_ASSIGN_OR_RETURN(Programs programs,
                          Programs::Restore(state.programs(), is_back, inheritance));
  programs.format_of_before = state.format();
  NoteRestoreStep("making its loop");
  // Before there is any other thread.
  MUSTER_ASSIGN_OR_RETURN(ipc::SignalSet signals, ipc::SignalSet::Block(kMasterSignals));
  MUSTER_ASSIGN_OR_RETURN(std::unique_ptr<loop::EventLoop> loop, loop::EventLoop::Create());
  NoteRestoreStep("restoring the workers");
  MUSTER_ASSIGN_OR_RETURN(std::unique_ptr<Supervisor> supervisor,
                          Supervisor::Restore(*loop, log, records.events, *restored->pid_file_,
                                              {.core = state.core(),
                                               .deployment = state.deployment(),
                                               .zone = state.zone(),
                                               .rest = process.supervisor()},
                                              inheritance));
  if (programs.before != nullptr) supervisor->SetNewestProtocol(programs.protocol_of_before);
  if (programs.worker != nullptr) supervisor->SetNamedWorker(programs.worker);
  const Deployment* const current = supervisor->deployments().current();
  if (current == nullptr) return StateError("deployment.serving", "is no generation");
  ListenerSet listeners = current->listeners;
  AdminTerms admin_terms = current->admin_terms;
  restored->started_ =
      std::make_unique<StartedMaster>(StartedMaster{.records = records,
                                                    .pid_file = *restored->pid_file_,
                                                    .signals = std::move(signals),
                                                    .loop = std::move(loop),
                                                    .supervisor = std::move(supervisor),
                                                    .listeners = std::move(listeners),
                                                    .admin_terms = std::move(admin_terms),
                                                    .programs = std::move(programs)});
  return restored;
}

void RestoredMaster::TellAudit() {
  const Supervisor& supervisor = *started_->supervisor;
  const UpgradeRecord& upgrade = supervisor.upgrade();
  using State = UpgradeRecord::State;
  const bool is_done = upgrade.state == State::kCommitted ||
                       (upgrade.state == State::kOnTrial && upgrade.reason.empty());
  // This is the program that was to be gone back to.
  const bool is_undone_by_order = upgrade.state == State::kUndone && was_undo_ && !is_back_;
  if (is_done) {
    records_.audit.EndUpgrades("OK", absl::StrCat("upgraded ", upgrade.from, " to ", upgrade.to),
                               supervisor.generation());
  } else if (is_undone_by_order) {
    records_.audit.EndUpgrades("OK", absl::StrCat(upgrade.from, " runs again"),
                               supervisor.generation());
  } else {
    records_.audit.EndUpgrades("ABORTED", upgrade.reason, supervisor.generation());
  }
}

absl::Status RestoredMaster::Begin() {
  inheritance_.Settle();
  started_->programs.worker.reset();
  pid_file_->Begin();
  records_.log.Begin();
  // The other program has answered all that it could.
  records_.audit.EndAll("UNAVAILABLE", "the master's program was replaced",
                        started_->supervisor->generation());
  started_->supervisor->AwaitUpgrade([this] { TellAudit(); });
  MUSTER_RETURN_IF_ERROR(started_->supervisor->Watch());
  return absl::OkStatus();
}

}  // namespace muster::master
