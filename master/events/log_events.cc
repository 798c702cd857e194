#include "muster/master/events/log_events.h"

#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace muster::master {
namespace {

admin::v1::Event::Kind KindOf(Topic topic) {
  switch (topic) {
    case Topic::kOther:
      return admin::v1::Event::LOG;
    case Topic::kWorkerStarted:
      return admin::v1::Event::WORKER_STARTED;
    case Topic::kWorkerReady:
      return admin::v1::Event::WORKER_READY;
    case Topic::kWorkerExited:
      return admin::v1::Event::WORKER_EXITED;
    case Topic::kWorkerCrashed:
      return admin::v1::Event::WORKER_CRASHED;
    case Topic::kWorkerGaveUp:
      return admin::v1::Event::WORKER_GAVE_UP;
    case Topic::kWorkerKilled:
      return admin::v1::Event::WORKER_KILLED;
    case Topic::kWorkerHung:
      return admin::v1::Event::WORKER_HUNG;
    case Topic::kWorkerWoke:
      return admin::v1::Event::WORKER_WOKE;
    case Topic::kWorkersScaled:
      return admin::v1::Event::WORKERS_SCALED;
    case Topic::kReloadBegun:
      return admin::v1::Event::RELOAD_BEGUN;
    case Topic::kGenerationServes:
      return admin::v1::Event::GENERATION_SERVES;
    case Topic::kReloadRefused:
      return admin::v1::Event::RELOAD_REFUSED;
    case Topic::kReopened:
      return admin::v1::Event::REOPENED;
    case Topic::kTrialFailed:
      return admin::v1::Event::TRIAL_FAILED;
    case Topic::kTrialPassed:
      return admin::v1::Event::TRIAL_PASSED;
    case Topic::kUpgradeBegun:
      return admin::v1::Event::UPGRADE_BEGUN;
    case Topic::kUpgraded:
      return admin::v1::Event::UPGRADED;
    case Topic::kUpgradeRefused:
      return admin::v1::Event::UPGRADE_REFUSED;
    case Topic::kUpgradeUndone:
      return admin::v1::Event::UPGRADE_UNDONE;
    case Topic::kUpgradeCommitted:
      return admin::v1::Event::UPGRADE_COMMITTED;
  }
  return admin::v1::Event::LOG;
}

}  // namespace

admin::v1::Event::Severity SeverityOf(Severity severity) {
  switch (severity) {
    case Severity::kDebug:
      return admin::v1::Event::DEBUG;
    case Severity::kInfo:
      return admin::v1::Event::INFO;
    case Severity::kWarning:
      return admin::v1::Event::WARNING;
    case Severity::kError:
      return admin::v1::Event::ERROR;
  }
  return admin::v1::Event::SEVERITY_UNSPECIFIED;
}

std::optional<admin::v1::Event> EventOf(const LogAction& action) {
  if (action.topic == Topic::kOther && action.severity < Severity::kWarning) return std::nullopt;
  admin::v1::Event event;
  event.set_kind(KindOf(action.topic));
  event.set_severity(SeverityOf(action.severity));
  event.set_text(action.text);
  event.set_generation(action.generation);
  event.set_attempt(action.attempt);
  if (action.worker.has_value()) {
    event.mutable_worker()->set_index(action.worker->index);
    event.mutable_worker()->set_slot(action.worker->slot);
    event.mutable_worker()->set_pid(action.worker->pid);
    event.mutable_worker()->set_last_end(action.worker->last_end);
  }
  return event;
}

LogEvents::LogEvents(Log& log, EventRing& ring) : log_(log) {
  log.SetListener([&ring](Severity severity, absl::string_view text) {
    ring.Add(*EventOf(LogAction{severity, std::string(text)}));
  });
}

}  // namespace muster::master
