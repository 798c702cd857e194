#include "muster/master/deployment/deployments.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/master/config/field_places.h"

namespace muster::master {

absl::StatusOr<std::unique_ptr<Deployments>> Deployments::Create(loop::EventLoop& loop,
                                                                 DeploymentSource source,
                                                                 Deployment first, Loaded loaded) {
  std::unique_ptr<Deployments> deployments(new Deployments(std::move(source), std::move(first)));
  const auto done = [target = deployments.get(), loaded = std::move(loaded)](
                        LoadId load, absl::StatusOr<Deployment> deployment) {
    loaded(load, target->SetNext(load, std::move(deployment)));
  };
  MUSTER_ASSIGN_OR_RETURN(deployments->loader_, DeploymentLoader::Create(loop, done));
  return deployments;
}

DeploymentSource::Current Deployments::CurrentFor(
    const std::shared_ptr<const ListenerSet>& listeners) const {
  const Deployment& current = *shown();
  return {.pid_file = current.config.pid_file(), .listeners = listeners, .zones = current.zones};
}

const Deployment* Deployments::Find(std::uint64_t generation) const {
  const auto found = kept_.find(generation);
  return found == kept_.end() ? nullptr : &found->second;
}

Deployment* Deployments::FindShown() {
  const auto found = kept_.find(serving_);
  if (found != kept_.end()) return &found->second;
  return next_ ? &*next_ : nullptr;
}

ListenerSet Deployments::AllListeners() const {
  ListenerSet all = current()->listeners;
  for (const auto& [generation, deployment] : kept_) all.AddFrom(deployment.listeners);
  return all;
}

absl::Status Deployments::LoadNext(LoadId load, std::optional<CalledConfig> called) {
  // Else the next deployment would have a new one, which does not listen before it is committed. A
  // failure is this load's to tell.
  FindShown()->listeners.RestoreForMaster().IgnoreError();
  // Shared so that a load which hangs does not keep them open when they are to be closed.
  offered_ = std::make_shared<const ListenerSet>(AllListeners());
  return loader_->Begin(load, [source = source_, current = CurrentFor(offered_),
                               called = std::move(called)](int stop_fd) {
    return source.Load(current, stop_fd, called.has_value() ? &*called : nullptr);
  });
}

void Deployments::AbandonLoad(LoadId load) {
  offered_.reset();
  loader_->Abandon(load);
}

absl::Status Deployments::AbandonOverdueLoad(LoadId load) {
  offered_.reset();
  return loader_->AbandonOverdue(load);
}

absl::StatusOr<bool> Deployments::LoadAgain(LoadId load, std::uint64_t generation,
                                            std::uint32_t workers) {
  const Deployment* const kept = Find(generation);
  if (kept == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("generation ", generation, " is not in the history any more"));
  }
  if (generation == serving_ && workers == 0) {
    MUSTER_RETURN_IF_ERROR(SetNext(load, kept->Copy()));
    return true;
  }
  FindShown()->listeners.RestoreForMaster().IgnoreError();
  offered_ = std::make_shared<const ListenerSet>(AllListeners());
  Recipe recipe = {.config = kept->config,
                   .identity = kept->identity,
                   .worker = kept->worker,
                   .is_worker_from_flag = kept->is_worker_from_flag,
                   .zones = kept->zones};
  if (workers != 0) recipe.config.set_worker_processes(workers);
  MUSTER_RETURN_IF_ERROR(
      loader_->Begin(load,
                     [recipe = std::move(recipe), offered = std::weak_ptr(offered_),
                      zones = current()->zones](int) -> absl::StatusOr<Deployment> {
                       const std::shared_ptr<const ListenerSet> listeners = offered.lock();
                       if (!listeners) return absl::CancelledError("the listeners are closed");
                       return RebuildDeployment(recipe, *listeners, zones);
                     }));
  return false;
}

absl::Status Deployments::SetNext(LoadId load, absl::StatusOr<Deployment> loaded) {
  offered_.reset();
  if (!loaded.ok()) return loaded.status();
  next_ = *std::move(loaded);
  next_load_ = load;
  return absl::OkStatus();
}

absl::Status Deployments::ListenOnNext() {
  const absl::Status status = next_->listeners.Listen(listening_);
  if (!status.ok()) listening_.TakeBack();
  return next_->places.Explain(status);
}

void Deployments::Commit(std::uint64_t generation, std::uint64_t way_back) {
  listening_.Keep();
  next_->places = FieldPlaces();
  kept_[generation] = *std::exchange(next_, std::nullopt);
  serving_ = generation;
  for (auto& [number, deployment] : kept_) {
    if (number == serving_) continue;
    // Nobody would answer at a socket of the master that is not in force.
    deployment.listeners =
        number == way_back ? deployment.listeners.OnlyForService() : ListenerSet();
  }
}

void Deployments::Release(std::uint64_t generation) {
  const auto found = kept_.find(generation);
  if (found == kept_.end()) return;
  Deployment& deployment = found->second;
  deployment.listeners = ListenerSet();
  deployment.admin_terms = AdminTerms();
  Deployment rest;
  rest.zones = std::exchange(deployment.zones, {});
  rest.sealed_config = std::move(deployment.sealed_config);
  loader_->Destroy(std::move(rest));
}

void Deployments::Forget(std::uint64_t generation) {
  auto forgotten = kept_.extract(generation);
  if (forgotten.empty()) return;
  forgotten.mapped().listeners = ListenerSet();
  loader_->Destroy(std::move(forgotten.mapped()));
}

void Deployments::RollBack(LoadId load) {
  if (load != next_load_) return;
  listening_.TakeBack();
  RetireNext();
}

void Deployments::RetireNext() {
  if (!next_.has_value()) return;
  next_->listeners = ListenerSet();
  loader_->Destroy(*std::exchange(next_, std::nullopt));
}

void Deployments::CloseListeners() {
  offered_.reset();
  for (auto& [generation, deployment] : kept_) {
    deployment.listeners =
        generation == serving_ ? deployment.listeners.OnlyForMaster() : ListenerSet();
  }
  if (next_) next_->listeners = next_->listeners.OnlyForMaster();
}

absl::Status Deployments::RestoreForMaster(ListenerSet& now) {
  Deployment* const shown = FindShown();
  if (shown == nullptr) return absl::OkStatus();
  const absl::Status status = shown->listeners.RestoreForMaster();
  now = shown->listeners;
  return status;
}

void Deployments::RestoreZones() const {
  for (const auto& [generation, deployment] : kept_) {
    for (const auto& zone : deployment.zones) zone->Restore();
  }
  if (!next_) return;
  for (const auto& zone : next_->zones) zone->Restore();
}

}  // namespace muster::master
