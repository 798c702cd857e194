// What becomes of upgrades: when one may begin, when a program is executed, and where it leads
// back.

#include <string>

#include "absl/strings/str_cat.h"
#include "muster/master/decide/supervisor_core.h"

namespace muster::master {

std::string SupervisorCore::WhatIsUnderWay() const {
  if (ending_.has_begun()) return "the master is stopping";
  if (serving_ == 0) return "nothing serves yet";
  if (attempts_.is_under_way()) return absl::StrCat("a ", attempts_.name(), " is under way");
  if (orders_.is_under_way()) return "a change of workers is under way";
  if (reopens_.is_under_way()) return "log files are being opened again";
  if (pause_.is_on() && workers_->has_processes()) return "a pause is under way";
  for (const auto& [slot, worker] : workers_->records()) {
    if (HasProcess(worker.state) && worker.pid == 0) {
      return absl::StrCat(worker.Name(), " is being started");
    }
  }
  return "";
}

std::string SupervisorCore::WhyNoUpgrade() const {
  if (upgrade_.is_under_way()) return "another upgrade is under way";
  if (upgrade_.is_on_trial()) {
    return absl::StrCat("the upgrade to ", upgrade_.record().to,
                        " is on trial: ctl commit ends that, ctl undo goes back");
  }
  if (pause_.is_on()) return "the master is paused, and no worker would show that it serves";
  if (trial_.is_on()) return absl::StrCat("generation ", trial_.generation(), " is on trial");
  return WhatIsUnderWay();
}

std::string SupervisorCore::WhyNoUndo() const {
  if (!upgrade_.is_on_trial()) {
    return upgrade_.is_under_way() ? "an upgrade is under way" : "no upgrade is on trial";
  }
  if (pause_.is_on()) return "the master is paused";
  return WhatIsUnderWay();
}

void SupervisorCore::On(const UpgradeEvent& event) {
  std::string why;
  switch (event.what) {
    case UpgradeEvent::What::kUpgrade:
      why = WhyNoUpgrade();
      if (why.empty()) return upgrade_.Begin(event, decision_);
      break;
    case UpgradeEvent::What::kUndo:
      why = WhyNoUndo();
      if (why.empty()) {
        return UndoUpgrade(event.request,
                           event.by.empty() ? "it was asked for" : absl::StrCat("by ", event.by),
                           event.by);
      }
      break;
    case UpgradeEvent::What::kCommit:
      if (upgrade_.is_on_trial() && !ending_.has_begun()) {
        if (IsTrialOfUpgrade()) trial_.End();
        return upgrade_.Commit(event.request, decision_);
      }
      why = ending_.has_begun()       ? "the master is stopping"
            : upgrade_.is_under_way() ? "an upgrade is under way"
                                      : "no upgrade is on trial";
      break;
  }
  Upgrade::Refuse(event, why, decision_);
}

void SupervisorCore::On(const ProgramTriedEvent& event) { upgrade_.OnTried(event, decision_); }

void SupervisorCore::On(const ExecFailedEvent& event) { upgrade_.OnExecFailed(event, decision_); }

void SupervisorCore::On(const UpgradedEvent&) {
  if (!upgrade_.OnUpgraded(decision_)) return;
  attempts_.BringUpgrade(upgrade_.record().worker_file, serving_, wanted_workers(),
                         upgrade_.record().by, decision_);
}

void SupervisorCore::On(const UpgradeUndoneEvent& event) { upgrade_.OnUndone(event, decision_); }

bool SupervisorCore::IsTrialOfUpgrade() const {
  return trial_.is_on() && upgrade_.way_back() == trial_.previous();
}

void SupervisorCore::UndoUpgrade(RequestId request, const std::string& why, const std::string& by) {
  const std::uint64_t previous = upgrade_.way_back();
  trial_.End();
  if (!upgrade_.BeginUndo(request, why, decision_)) return;
  if (attempts_.UndoUpgrade(previous, wanted_workers(), why, by,
                            absl::FailedPreconditionError("an upgrade is being undone"),
                            decision_)) {
    upgrade_.RememberReload();
  }
}

void SupervisorCore::GoOnWithUpgrade() {
  const bool is_quiet = WhatIsUnderWay().empty() && !is_retiring_;
  if (upgrade_.is_executing() && !is_quiet) {
    upgrade_.Postpone();
  } else if (upgrade_.wants_exec() && is_quiet) {
    drains_.LeaveAll("the master's program is replaced", decision_);
    upgrade_.Exec(decision_);
  }
  if (!ending_.has_begun() && upgrade_.TakeReload()) {
    attempts_.Ask({.by = "SIGHUP"}, decision_);
  }
}

}  // namespace muster::master
