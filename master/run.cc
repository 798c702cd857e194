#include "muster/master/run.h"

#include <cstdio>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "muster/master/decide/reason.h"
#include "muster/master/fresh_start.h"
#include "muster/master/process/log.h"
#include "muster/master/restored_start.h"
#include "muster/master/upgrade/undo_guard.h"
#include "muster/process_env/crash_report.h"
#include "muster/process_env/standard_descriptors.h"

namespace muster::master {
namespace {

ExitCode End(Log& log, int code) {
  log.Write(Severity::kInfo, absl::StrCat("the master exits with ", code));
  return code == 0 ? ExitCode::kDone : ExitCode::kFailed;
}

}  // namespace

ExitCode RunMaster(const Invocation& invocation) {
  Log log(invocation.is_daemon ? Log::StandardError::kUntilServing : Log::StandardError::kAlways);
  if (invocation.is_daemon) {
    // The log has a description of its own until then. Workers never see the terminal.
    const absl::Status closed = process_env::CloseStandardDescriptors();
    if (!closed.ok()) {
      log.Write(Severity::kError, WithReason("cannot start", closed.message()));
      return ExitCode::kFailed;
    }
  }
  process_env::ReportCrashes("master");
  const absl::StatusOr<int> code = RunFreshStart(invocation, log);
  if (absl::IsCancelled(code.status())) {
    log.Write(Severity::kInfo, WithReason("stopped before it served", code.status().message()));
    return ExitCode::kDone;
  }
  if (!code.ok()) {
    log.Write(Severity::kError, WithReason("cannot start", code.status().message()));
    return ExitCode::kFailed;
  }
  if (invocation.is_single) {
    End(log, *code);
    return static_cast<ExitCode>(*code);
  }
  return End(log, *code);
}

ExitCode ContinueMaster(const UpgradeStart& start, const std::string& undone_for) {
  Log log;
  const absl::StatusOr<int> code = RunRestoredStart(start, undone_for, log);
  if (code.ok()) return End(log, *code);
  const std::string why(code.status().message());
  if (IsUndoGuardArmed()) Undo(why);
  const std::string text = WithReason("the master cannot go on", why);
  log.Write(Severity::kError, text);
  // The log may not have begun.
  std::fprintf(stderr, "master: %s\n", text.c_str());
  return ExitCode::kFailed;
}

}  // namespace muster::master
