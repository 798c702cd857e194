#include "muster/master/restored_start.h"

#include <unistd.h>

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/cli/version.h"
#include "muster/ipc/base/status.h"
#include "muster/master/command_line.h"
#include "muster/master/launch/launch_plan.h"
#include "muster/master/master_state.h"
#include "muster/master/process/ask_worker.h"
#include "muster/master/process/child.h"
#include "muster/master/process/worker_program.h"
#include "muster/master/serving_master.h"
#include "muster/master/supervisor.h"
#include "muster/master/upgrade/state_file.h"
#include "muster/master/upgrade/trial_run.h"
#include "muster/master/upgrade/undo_guard.h"
#include "muster/process_env/crash_report.h"

namespace muster::master {
namespace {

// The places of fields were those of the attempt that loaded the configuration.
absl::Status ExplainField(absl::string_view field, const absl::Status& status) {
  return ipc::Annotate(status, field);
}

absl::StatusOr<state::v1::MasterState> ReadState(const UpgradeStart& start) {
  NoteRestoreStep("reading the state");
  MUSTER_ASSIGN_OR_RETURN(const std::string bytes, ReadStateFile(start.state));
  return ParseMasterState(bytes);
}

// What the core is told first.
void TellOutcome(Supervisor& supervisor, const std::string& undone_for) {
  if (undone_for.empty()) {
    supervisor.OnUpgraded();
  } else {
    supervisor.OnUpgradeUndone(undone_for);
  }
}

// Whether there is a worker program that accepts the configuration. One that is named says what it
// is in any case, as it would not if the configuration has no service of its own.
absl::Status TryWorker(const StartedMaster& master) {
  const Deployments& deployments = master.supervisor->deployments();
  const std::shared_ptr<const WorkerProgram>& named = master.programs.worker;
  if (named != nullptr) {
    const LaunchPlan plan = deployments.current()->launch.PlanOf(0);
    MUSTER_RETURN_IF_ERROR(AskWorker(*named, plan).status());
  }
  return deployments.TryProgram(named == nullptr ? "" : named->path());
}

absl::Status Try(const UpgradeStart& start) {
  MUSTER_ASSIGN_OR_RETURN(const state::v1::MasterState state, ReadState(start));
  MUSTER_ASSIGN_OR_RETURN(const Invocation invocation, RestoreInvocation(state.command_line()));
  Log log;
  MUSTER_ASSIGN_OR_RETURN(const std::unique_ptr<RestoredMaster> restored,
                          RestoredMaster::Restore(state, /*is_back=*/false, log));
  StartedMaster& master = restored->started();
  if (!state.programs().is_last_trial()) {
    NoteRestoreStep("asking the worker program");
    MUSTER_RETURN_IF_ERROR(TryWorker(master));
  }
  NoteRestoreStep("starting its admin service");
  // It ends in the loop, before anything is sent or taken.
  return Serve(master, invocation, ExplainField,
               {.accepts_at_once = false,
                .take_over = [&start]() -> absl::Status {
                  GiveVerdict(start.verdict, std::string(cli::kVersion));
                },
                .go_on = [] {}})
      .status();
}

}  // namespace

absl::StatusOr<int> RunRestoredStart(const UpgradeStart& start, const std::string& undone_for,
                                     Log& log) {
  MUSTER_ASSIGN_OR_RETURN(const state::v1::MasterState state, ReadState(start));
  MUSTER_ASSIGN_OR_RETURN(const Invocation invocation, RestoreInvocation(state.command_line()));
  MUSTER_ASSIGN_OR_RETURN(const std::unique_ptr<RestoredMaster> restored,
                          RestoredMaster::Restore(state, /*is_back=*/!undone_for.empty(), log));
  StartedMaster& master = restored->started();
  NoteRestoreStep("starting its admin service");
  return Serve(master, invocation, ExplainField,
               {.accepts_at_once = false,
                .take_over =
                    [&] {
                      NoteRestoreStep("running its loop");
                      // This is the report: from here on it is the master.
                      DisarmUndoGuard();
                      process_env::ReportCrashes("master");
                      ::close(start.state);
                      return restored->Begin();
                    },
                .go_on =
                    [&] {
                      TellOutcome(*master.supervisor, undone_for);
                      master.supervisor->Begin();
                      ReapStrangers();
                    }});
}

void RunTrialStart(const UpgradeStart& start) {
  TellTrialSteps(start.verdict);
  const absl::Status status = Try(start);
  GiveVerdict(start.verdict,
              status.ok() ? absl::InternalError("it ended without a verdict") : status);
}

}  // namespace muster::master
