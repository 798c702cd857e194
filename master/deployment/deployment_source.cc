#include "muster/master/deployment/deployment_source.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/status.h"
#include "muster/master/aside/wait_note.h"
#include "muster/master/host/file_id.h"
#include "muster/master/process/ask_worker.h"
#include "muster/proto/field_error.h"

namespace muster::master {

absl::StatusOr<CheckedConfig> DeploymentSource::Read(const std::shared_ptr<WorkerFinder>& finder,
                                                     int stop_fd) const {
  // Before the program is asked what the configuration may have.
  if (finder->has_flag()) {
    MUSTER_RETURN_IF_ERROR(ipc::Annotate(finder->Find("").status(), "--worker"));
  }
  return ReadConfigFile(config_file, prefix, AskWhenNeeded(finder, stop_fd));
}

absl::StatusOr<Deployment> DeploymentSource::Load(const Current& current, int stop_fd) const {
  // For what has no note of its own.
  const WaitNote note("loading", config_file);
  const auto finder = std::make_shared<WorkerFinder>(worker_binary);
  MUSTER_ASSIGN_OR_RETURN(CheckedConfig checked, Read(finder, stop_fd));
  const auto refuse_change = [&](absl::string_view field, absl::string_view now) {
    return checked.places.Explain(
        config::AtField(absl::InvalidArgumentError(absl::StrCat(
                            "cannot change while the master runs; it is \"", now, "\"")),
                        field));
  };
  if (!IsSamePlace(checked.config.pid_file(), current.pid_file)) {
    return refuse_change("pid_file", current.pid_file);
  }
  const std::shared_ptr<const ListenerSet> listeners = current.listeners.lock();
  if (!listeners) return absl::CancelledError("the listeners are closed");
  return PrepareDeployment(std::move(checked), *finder, *listeners, current.zones);
}

}  // namespace muster::master
