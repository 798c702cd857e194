#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/master/deployment/deployment_state.h"
#include "muster/master/deployment/deployments.h"
#include "muster/master/keep/state_error.h"
#include "muster/proto/field_error.h"
#include "muster/proto/state/state_check.h"

namespace muster::master {

absl::StatusOr<state::v1::DeploymentState> Deployments::Save(
    DescriptorKeep& keep, SharedTable<worker::UserZone>& zones,
    const std::set<std::uint64_t>& left_out) const {
  if (next_.has_value() || offered_ != nullptr) {
    return absl::FailedPreconditionError("a configuration is being loaded");
  }
  if (current() == nullptr) return absl::FailedPreconditionError("no generation serves yet");
  state::v1::DeploymentState state;
  state.mutable_source()->set_config_file(source_.config_file);
  state.mutable_source()->set_prefix(source_.prefix);
  state.mutable_source()->set_is_daemon(source_.is_daemon);
  state.set_serving(serving_);
  DeploymentParts parts = {.sockets = {}, .zones = zones, .programs = {}, .keep = keep};
  for (const auto& [number, deployment] : kept_) {
    if (left_out.count(number) == 0) {
      *state.add_generation() = SaveDeployment(number, deployment, parts);
    }
  }
  for (const std::shared_ptr<Listener>& socket : passed_.sockets()) {
    state.add_passed_socket(parts.sockets.PlaceOf(socket));
  }
  *state.mutable_socket() = parts.sockets.Save(keep);
  *state.mutable_program() = SavePrograms(parts.programs, keep);
  return state;
}

absl::StatusOr<std::unique_ptr<Deployments>> Deployments::Restore(
    loop::EventLoop& loop, const state::v1::DeploymentState& state,
    DescriptorInheritance& descriptors, const SharedTable<worker::UserZone>& zones, Loaded loaded) {
  MUSTER_RETURN_IF_ERROR(state::CheckKnown(state));
  MUSTER_ASSIGN_OR_RETURN(RestoredSockets sockets,
                          RestoredSockets::Restore(state.socket(), descriptors));
  MUSTER_ASSIGN_OR_RETURN(SharedTable<WorkerProgram> programs,
                          RestorePrograms(state.program(), descriptors));
  RestoredParts parts = {.sockets = std::move(sockets),
                         .zones = zones,
                         .programs = std::move(programs),
                         .descriptors = descriptors};
  if (state.source().config_file().empty()) {
    return StateError("source.config_file", "is missing");
  }
  std::unique_ptr<Deployments> deployments(
      new Deployments({state.source().config_file(), state.source().prefix(), ""}, std::nullopt));
  std::uint64_t last = 0;
  for (int i = 0; i < state.generation_size(); ++i) {
    const state::v1::Generation& generation = state.generation(i);
    const std::string name = absl::StrCat("generation[", i, "]");
    if (generation.number() <= last) {
      return StateError(absl::StrCat(name, ".number"),
                        absl::StrCat(generation.number(), " does not follow ", last));
    }
    last = generation.number();
    MUSTER_RETURN_IF_ERROR(CheckConfigOf(generation));
    absl::StatusOr<Deployment> deployment = RestoreDeployment(generation, parts);
    if (!deployment.ok()) return InStateField(name, deployment.status());
    deployments->kept_.emplace(last, *std::move(deployment));
  }
  std::vector<std::shared_ptr<Listener>> passed;
  for (const std::uint32_t place : state.passed_socket()) {
    absl::StatusOr<std::shared_ptr<Listener>> socket = parts.sockets.At(place);
    if (!socket.ok()) return InStateField("passed_socket", socket.status());
    if (!(*socket)->is_listening()) {
      return StateError("passed_socket", absl::StrCat(place, " does not listen"));
    }
    passed.push_back(*std::move(socket));
  }
  deployments->passed_ = ListenerSet::OfPassed(passed);
  MUSTER_RETURN_IF_ERROR(parts.sockets.CheckAllTaken());
  deployments->serving_ = state.serving();
  const Deployment* const current = deployments->current();
  if (current == nullptr || !current->sealed_config.valid()) {
    return StateError("serving", absl::StrCat("generation ", state.serving(), " is ",
                                              current == nullptr ? "missing" : "released"));
  }
  deployments->source_.worker_binary = current->worker_from_flag;
  deployments->source_.is_daemon = state.source().is_daemon();
  return Make(loop, std::move(deployments), std::move(loaded));
}

void Deployments::Begin() {
  for (const auto& [generation, deployment] : kept_) deployment.listeners.Own();
}

absl::Status Deployments::TryProgram(const std::string& worker, int stop_fd) const {
  const Deployment& serving = *current();
  const auto finder =
      std::make_shared<WorkerFinder>(worker.empty() ? serving.worker_from_flag : worker, opened_);
  MUSTER_ASSIGN_OR_RETURN(const IdentifiedConfig checked,
                          source_.ReadAgain(serving.identity, finder, stop_fd));
  const absl::Status found = finder->Find(checked.config.worker_binary()).status();
  if (!finder->has_flag()) {
    return checked.places.Explain(config::AtField(found, "worker_binary"));
  }
  return ipc::Annotate(found, "--worker");
}

}  // namespace muster::master
