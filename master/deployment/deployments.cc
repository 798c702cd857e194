#include "muster/master/deployment/deployments.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/config/field_places.h"
#include "muster/ipc/base/status.h"

namespace muster::master {

absl::StatusOr<std::unique_ptr<Deployments>> Deployments::Create(loop::EventLoop& loop,
                                                                 DeploymentSource source,
                                                                 Deployment first, Loaded loaded) {
  return Make(loop,
              std::unique_ptr<Deployments>(new Deployments(std::move(source), std::move(first))),
              std::move(loaded));
}

absl::StatusOr<std::unique_ptr<Deployments>> Deployments::Make(
    loop::EventLoop& loop, std::unique_ptr<Deployments> deployments, Loaded loaded) {
  const auto done = [target = deployments.get(), loaded = std::move(loaded)](
                        LoadId load, absl::StatusOr<Deployment> deployment) {
    loaded(load, target->SetNext(load, std::move(deployment)));
  };
  MUSTER_ASSIGN_OR_RETURN(deployments->loader_, DeploymentLoader::Create(loop, done));
  deployments->retirement_ = std::make_unique<ListenerRetirement>(
      loop, ListenerRetirement::Callbacks{
                .give =
                    [target = deployments.get()](int fd, const std::string& state) {
                      return target->give_ && target->give_(fd, state);
                    },
                .is_wanted_back = [target = deployments.get()](
                                      const Listener& socket) { return target->IsKept(socket); },
                .closed =
                    [target = deployments.get()](const std::string& address, std::size_t count) {
                      if (target->closed_) target->closed_(address, count);
                    },
                .over =
                    [target = deployments.get()] {
                      if (target->retired_) target->retired_();
                    }});
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
  all.AddFrom(passed_);
  all.AddFrom(retirement_->sockets());
  return all;
}

bool Deployments::IsKept(const Listener& socket) const {
  return std::any_of(kept_.begin(), kept_.end(),
                     [&](const auto& kept) { return kept.second.listeners.Has(socket); });
}

void Deployments::SetTakers(std::function<bool(int, const std::string&)> give,
                            std::function<void(const std::string&, std::size_t)> closed,
                            std::function<void()> retired) {
  give_ = std::move(give);
  closed_ = std::move(closed);
  retired_ = std::move(retired);
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
                   .as_written = kept->as_written,
                   .identity = kept->identity,
                   .worker = kept->worker,
                   .worker_from_flag = kept->worker_from_flag,
                   .zones = kept->zones};
  if (workers != 0) {
    recipe.config.set_worker_processes(workers);
    if (recipe.as_written.has_value()) recipe.as_written->set_worker_processes(workers);
  }
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

absl::Status Deployments::LoadWithProgram(LoadId load, std::uint64_t generation,
                                          std::uint32_t workers, const std::string& worker) {
  const Deployment* const kept = Find(generation);
  if (kept == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("generation ", generation, " is not in the history any more"));
  }
  FindShown()->listeners.RestoreForMaster().IgnoreError();
  offered_ = std::make_shared<const ListenerSet>(AllListeners());
  return loader_->Begin(
      load,
      [source = source_, identity = kept->identity, offered = std::weak_ptr(offered_),
       zones = current()->zones, workers = workers != 0 ? workers : kept->config.worker_processes(),
       path = worker.empty() ? kept->worker_from_flag : worker,
       opened = std::exchange(opened_, nullptr)](int stop_fd) -> absl::StatusOr<Deployment> {
        const auto finder = std::make_shared<WorkerFinder>(path, opened);
        MUSTER_ASSIGN_OR_RETURN(IdentifiedConfig checked,
                                source.ReadAgain(identity, finder, stop_fd));
        checked.config.set_worker_processes(workers);
        const std::shared_ptr<const ListenerSet> listeners = offered.lock();
        if (!listeners) return absl::CancelledError("the listeners are closed");
        return PrepareDeployment(std::move(checked), *finder, *listeners, zones);
      });
}

absl::Status Deployments::SetNext(LoadId load, absl::StatusOr<Deployment> loaded) {
  offered_.reset();
  if (!loaded.ok()) return loaded.status();
  next_ = *std::move(loaded);
  next_load_ = load;
  return absl::OkStatus();
}

absl::Status Deployments::ListenOnNext() {
  const absl::Status status =
      next_->listeners.Listen(listening_, current() == nullptr ? ListenerSet() : AllListeners());
  if (!status.ok()) listening_.TakeBack();
  return next_->places.Explain(status);
}

void Deployments::Commit(std::uint64_t generation, std::uint64_t way_back) {
  listening_.Keep();
  const ListenerSet before = current() == nullptr ? ListenerSet() : AllListeners();
  next_->places = config::FieldPlaces();
  kept_[generation] = *std::exchange(next_, std::nullopt);
  serving_ = generation;
  source_.worker_binary = current()->worker_from_flag;
  for (auto& [number, deployment] : kept_) {
    if (number == serving_) continue;
    // Nobody would answer at a socket of the master that is not in force.
    deployment.listeners =
        number == way_back
            ? deployment.listeners.OnlyForService().WithoutUnixBut(current()->listeners)
            : ListenerSet();
  }
  retirement_->Release();
  retirement_->Begin(before.OnlyForService().Without(current()->listeners));
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

void Deployments::LeaveFiles() const {
  if (current() != nullptr) current()->listeners.OnlyForService().DisownFiles();
}

void Deployments::CloseListeners() {
  offered_.reset();
  passed_ = ListenerSet();
  retirement_->Clear();
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
