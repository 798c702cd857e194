#include "muster/master/deployment/deployment_source.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/host/file_id.h"
#include "muster/host/wait_note.h"
#include "muster/ipc/base/status.h"
#include "muster/log/inherited.h"
#include "muster/master/deployment/single_mode.h"
#include "muster/master/deployment/worker_question.h"
#include "muster/proto/field_error.h"

namespace muster::master {

namespace {

// A daemon has no standard output and error.
void CheckDaemonLogs(const config::v1::Config& config,
                     std::vector<config::FieldMistake>* mistakes) {
  const auto check = [&](const char* field, const std::string& path) {
    if (!log::InheritedDescriptor(path).has_value()) return;
    mistakes->push_back({field, absl::StrCat("\"", path,
                                             "\" leads nowhere with --daemon; write the "
                                             "path of a file")});
  };
  if (config.log().path().empty()) {
    mistakes->push_back({"log.path", "is missing; with --daemon the log is a file"});
  } else {
    check("log.path", config.log().path());
  }
  if (config.http().has_access_log()) {
    check("http.access_log.path", config.http().access_log().path());
  }
}

}  // namespace

absl::StatusOr<IdentifiedConfig> DeploymentSource::Read(const std::shared_ptr<WorkerFinder>& finder,
                                                        int stop_fd,
                                                        const CalledConfig* called) const {
  // Before the program is asked what the configuration may have.
  if (finder->has_flag()) {
    MUSTER_RETURN_IF_ERROR(ipc::Annotate(finder->Find("").status(), "--worker"));
  }
  return Read(called, AskWhenNeeded(finder, stop_fd), nullptr);
}

absl::StatusOr<IdentifiedConfig> DeploymentSource::Read(const CalledConfig* called,
                                                        const config::DescribeWorker& describe,
                                                        const config::CheckMore& check_more) const {
  const config::CheckMore check = [&](const config::v1::Config& config) {
    std::vector<config::FieldMistake> mistakes;
    if (check_more) mistakes = check_more(config);
    if (is_daemon) CheckDaemonLogs(config, &mistakes);
    return mistakes;
  };
  absl::StatusOr<IdentifiedConfig> checked =
      called == nullptr
          ? ReadIdentifiedFile(config_file, prefix, describe, check)
          : ReadIdentifiedText(called->name, called->text, called->format, prefix, describe, check);
  if (!checked.ok()) return checked;
  if (called != nullptr) checked->identity.is_from_call = true;
  if (is_single) MakeSingle(checked->config);
  return checked;
}

absl::StatusOr<IdentifiedConfig> DeploymentSource::ReadAgain(
    const ConfigIdentity& identity, const std::shared_ptr<WorkerFinder>& finder,
    int stop_fd) const {
  MUSTER_ASSIGN_OR_RETURN(
      IdentifiedConfig checked,
      ReadIdentifiedText("the configuration in force", identity.text, config::ConfigFormat::kText,
                         prefix, AskWhenNeeded(finder, stop_fd)));
  checked.identity.source_hash = identity.source_hash;
  checked.identity.is_from_call = identity.is_from_call;
  return checked;
}

absl::StatusOr<Deployment> DeploymentSource::Load(const Current& current, int stop_fd,
                                                  const CalledConfig* called) const {
  // For what has no note of its own.
  const host::WaitNote note("loading", called == nullptr ? config_file : called->name);
  const auto finder = std::make_shared<WorkerFinder>(worker_binary);
  MUSTER_ASSIGN_OR_RETURN(IdentifiedConfig checked, Read(finder, stop_fd, called));
  for (const config::FieldMistake& change : ForbiddenChanges(checked.config, current)) {
    return checked.places.Explain(
        config::AtField(absl::InvalidArgumentError(change.problem), change.field));
  }
  const std::shared_ptr<const ListenerSet> listeners = current.listeners.lock();
  if (!listeners) return absl::CancelledError("the listeners are closed");
  return PrepareDeployment(std::move(checked), *finder, *listeners, current.zones);
}

std::vector<config::FieldMistake> ForbiddenChanges(const config::v1::Config& config,
                                                   const DeploymentSource::Current& current) {
  std::vector<config::FieldMistake> forbidden;
  const auto forbid = [&](absl::string_view field, absl::string_view now) {
    forbidden.push_back({std::string(field),
                         absl::StrCat("cannot change while the master runs; it is \"", now, "\"")});
  };
  if (!host::IsSamePlace(config.pid_file(), current.pid_file)) forbid("pid_file", current.pid_file);
  return forbidden;
}

}  // namespace muster::master
