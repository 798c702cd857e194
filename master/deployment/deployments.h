#ifndef MUSTER_MASTER_DEPLOYMENT_DEPLOYMENTS_H_
#define MUSTER_MASTER_DEPLOYMENT_DEPLOYMENTS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/loop/event_loop.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/deployment/deployment.h"
#include "muster/master/deployment/deployment_loader.h"
#include "muster/master/deployment/deployment_source.h"
#include "muster/master/listen/listen_attempt.h"
#include "muster/master/listen/listener_set.h"

namespace muster::master {

// The deployments by generation: that of the one that serves, those that the core keeps beside it,
// and that of the one that is being started. What is dropped is destroyed in the loader's thread,
// since that may take long; its listeners are closed at once. Used in the thread of `loop`. No call
// blocks.
class Deployments {
 public:
  // OK: the next deployment is there. Called in the loop's thread, not from within LoadNext.
  using Loaded = std::function<void(LoadId, const absl::Status&)>;

  // `first` is the next one. `loop` outlives the object.
  static absl::StatusOr<std::unique_ptr<Deployments>> Create(loop::EventLoop& loop,
                                                             DeploymentSource source,
                                                             Deployment first, Loaded loaded);
  Deployments(const Deployments&) = delete;
  Deployments& operator=(const Deployments&) = delete;

  // Null: there is none.
  const Deployment* current() const { return Find(serving_); }
  const Deployment* next() const { return next_ ? &*next_ : nullptr; }
  // The current one; before there is one, the first.
  const Deployment* shown() const { return current() != nullptr ? current() : next(); }
  // Of a generation that was committed and is not forgotten. Null: it is none.
  const Deployment* Find(std::uint64_t generation) const;

  // Loads the next one from the source's file, or from `called`. If there is no error yet, `loaded`
  // is called. Unavailable: as DeploymentLoader::Begin.
  absl::Status LoadNext(LoadId load, std::optional<CalledConfig> called = std::nullopt);
  // As DeploymentLoader::Abandon and AbandonOverdue.
  void AbandonLoad(LoadId load);
  absl::Status AbandonOverdueLoad(LoadId load);
  // Makes the next one of what is kept of the generation, with so many workers; 0: as many as its
  // configuration says. A copy of the one that serves is there at once; else `loaded` is called.
  // Returns whether it is there. NotFound: the generation is forgotten.
  absl::StatusOr<bool> LoadAgain(LoadId load, std::uint64_t generation, std::uint32_t workers);

  // Listens on what is new in the next one. What that changes of live sockets is put back unless
  // the next one is committed. The error has the place of the field.
  absl::Status ListenOnNext();
  // The next one is that of `generation`, which serves from now on. It has no places any more: the
  // file may say something else. Other generations have no listeners any more, but `way_back` keeps
  // its service's.
  void Commit(std::uint64_t generation, std::uint64_t way_back = 0);
  // Leaves of that generation the configuration and the program.
  void Release(std::uint64_t generation);
  // Leaves nothing of it.
  void Forget(std::uint64_t generation);
  // Drops the next one, if `load` made it.
  void RollBack(LoadId load);

  // Nobody accepts for the service any more, and a load that is under way cannot change that.
  void CloseListeners();
  // As ListenerSet::RestoreForMaster, with those of the generation that is shown. `now` becomes
  // what there is then, also after an error. It stays as it is if there is no generation.
  absl::Status RestoreForMaster(ListenerSet& now);
  // Stores again what a worker may have damaged in the user zones.
  void RestoreZones() const;

  const DeploymentSource& source() const { return source_; }
  // Of the deployment that serves. Its listeners are there until `listeners` ends.
  DeploymentSource::Current CurrentFor(const std::shared_ptr<const ListenerSet>& listeners) const;

 private:
  Deployments(DeploymentSource source, Deployment first)
      : source_(std::move(source)), next_(std::move(first)) {}

  absl::Status SetNext(LoadId load, absl::StatusOr<Deployment> loaded);
  void RetireNext();
  Deployment* FindShown();
  // Those of the one that serves, and those of others that are kept.
  ListenerSet AllListeners() const;

  const DeploymentSource source_;
  std::map<std::uint64_t, Deployment> kept_;  // by generation
  std::uint64_t serving_ = 0;
  std::optional<Deployment> next_;
  LoadId next_load_ = 0;                        // that made it
  ListenAttempt listening_;                     // of the next one
  std::shared_ptr<const ListenerSet> offered_;  // to the load that is under way
  std::unique_ptr<DeploymentLoader> loader_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DEPLOYMENT_DEPLOYMENTS_H_
