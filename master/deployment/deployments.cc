#include "muster/master/deployment/deployments.h"

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

absl::Status Deployments::LoadNext(LoadId load, std::optional<CalledConfig> called) {
  // Else the next deployment would have a new one, which does not listen before it is committed. A
  // failure is this load's to tell.
  current_->listeners.RestoreForMaster().IgnoreError();
  // Shared so that a load which hangs does not keep them open when they are to be closed.
  offered_ = std::make_shared<const ListenerSet>(current_->listeners);
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

absl::Status Deployments::CopyToNext(LoadId load) { return SetNext(load, current_->Copy()); }

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

void Deployments::Commit() {
  listening_.Keep();
  Retire(current_);
  current_ = std::exchange(next_, std::nullopt);
  current_->places = FieldPlaces();
}

void Deployments::RollBack(LoadId load) {
  if (load != next_load_) return;
  listening_.TakeBack();
  Retire(next_);
}

void Deployments::Retire(std::optional<Deployment>& deployment) {
  if (!deployment.has_value()) return;
  deployment->listeners = ListenerSet();
  loader_->Destroy(*std::exchange(deployment, std::nullopt));
}

void Deployments::CloseListeners() {
  offered_.reset();
  if (current_) current_->listeners = current_->listeners.OnlyForMaster();
  if (next_) next_->listeners = next_->listeners.OnlyForMaster();
}

absl::Status Deployments::RestoreForMaster(ListenerSet& now) {
  std::optional<Deployment>& shown = current_ ? current_ : next_;
  if (!shown) return absl::OkStatus();
  const absl::Status status = shown->listeners.RestoreForMaster();
  now = shown->listeners;
  return status;
}

void Deployments::RestoreZones() const {
  for (const Deployment* deployment : {current(), next()}) {
    if (deployment == nullptr) continue;
    for (const auto& zone : deployment->zones) zone->Restore();
  }
}

}  // namespace muster::master
