#ifndef MUSTER_MASTER_DEPLOYMENT_DEPLOYMENTS_H_
#define MUSTER_MASTER_DEPLOYMENT_DEPLOYMENTS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/loop/event_loop.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/deployment/deployment.h"
#include "muster/master/deployment/deployment_loader.h"
#include "muster/master/deployment/deployment_source.h"
#include "muster/master/keep/descriptor_inheritance.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/master/keep/shared_table.h"
#include "muster/master/listen/listen_attempt.h"
#include "muster/master/listen/listener_retirement.h"
#include "muster/master/listen/listener_set.h"
#include "muster/proto/state/deployment_state.pb.h"
#include "muster/worker/zone/user_zone.h"

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

  // Sockets that the service manager passed (ListenerSet::OfPassed) and keeps. They stay open,
  // whether a configuration names them or not, so that each that does can have them.
  void SetPassed(ListenerSet passed) { passed_ = std::move(passed); }

  // ---- For another program of this process ----

  // The deployments that are kept, and the source. What is being loaded or prepared is not; that is
  // FailedPrecondition, as it is if none serves yet. The zones are numbered in `zones`, which the
  // caller saves (SaveUserZones) once all parts of the state have added theirs. Without the
  // generations `left_out`, which do not serve.
  absl::StatusOr<state::v1::DeploymentState> Save(
      DescriptorKeep& keep, SharedTable<worker::UserZone>& zones,
      const std::set<std::uint64_t>& left_out = {}) const;
  // The same again, with the same sockets, zones and programs. Without effect outside this process,
  // and it looks up no names and asks no worker program. It does read the files of TLS; if they are
  // no pair now, what they had holds. `zones`: RestoreUserZones of the state. InvalidArgument: the
  // state, or a configuration in it, is nothing for this program; the message has the field, and
  // for a configuration its place in the canonical text.
  static absl::StatusOr<std::unique_ptr<Deployments>> Restore(
      loop::EventLoop& loop, const state::v1::DeploymentState& state,
      DescriptorInheritance& descriptors, const SharedTable<worker::UserZone>& zones,
      Loaded loaded);
  // After Restore, once this program takes over for good: from now on the files of Unix sockets go
  // with them.
  void Begin();
  // For a process that tries whether it could take over: whether LoadWithProgram for the generation
  // that serves would find a program that accepts the configuration. Changes nothing, but runs the
  // program, which describes itself. Waits for it, and for files; Cancelled: `stop_fd` (-1: none)
  // has become readable.
  absl::Status TryProgram(const std::string& worker, int stop_fd = -1) const;

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
  // The same with the worker program found anew, which is asked about the configuration: the file
  // `worker`, which from the commit on stands for --worker; empty: where the next reload would find
  // it. `loaded` is called if there is no error yet.
  absl::Status LoadWithProgram(LoadId load, std::uint64_t generation, std::uint32_t workers,
                               const std::string& worker);
  // For TryProgram, and for LoadWithProgram the next time: this program stands for its path.
  void SetOpened(std::shared_ptr<const WorkerProgram> program) { opened_ = std::move(program); }

  // Listens on what is new in the next one. What that changes of live sockets is put back unless
  // the next one is committed. The error has the place of the field.
  absl::Status ListenOnNext();
  // The next one is that of `generation`, which serves from now on. It has no places any more: the
  // file may say something else. Other generations have no listeners any more, and those of the
  // service that are not used now come to their end (ListenerRetirement). But `way_back` keeps the
  // addresses that its service has over TCP: its sockets do not listen, and nobody else can bind
  // what they are bound to.
  void Commit(std::uint64_t generation, std::uint64_t way_back = 0);
  // Who gets the connections that wait in sockets which come to their end, who hears of those that
  // nobody took, and who of it when the last of these sockets has ended. Without it, all
  // connections are closed.
  void SetTakers(std::function<bool(int connection, const std::string& state)> give,
                 std::function<void(const std::string& address, std::size_t connections)> closed,
                 std::function<void()> retired);
  // Whether sockets come to their end. They do not go along to another program of this process.
  bool is_retiring() const { return retirement_->is_under_way(); }
  // Leaves of that generation the configuration and the program.
  void Release(std::uint64_t generation);
  // Leaves nothing of it.
  void Forget(std::uint64_t generation);
  // Drops the next one, if `load` made it.
  void RollBack(LoadId load);

  // From now on the files of the Unix sockets that serve stay when these are closed: somebody else
  // has the sockets, too.
  void LeaveFiles() const;
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
  Deployments(DeploymentSource source, std::optional<Deployment> first)
      : source_(std::move(source)), next_(std::move(first)) {}

  static absl::StatusOr<std::unique_ptr<Deployments>> Make(loop::EventLoop& loop,
                                                           std::unique_ptr<Deployments> deployments,
                                                           Loaded loaded);
  absl::Status SetNext(LoadId load, absl::StatusOr<Deployment> loaded);
  void RetireNext();
  Deployment* FindShown();
  // Those of the one that serves, those of others that are kept, those that were passed, and those
  // that come to their end.
  ListenerSet AllListeners() const;
  bool IsKept(const Listener& socket) const;

  DeploymentSource source_;
  std::map<std::uint64_t, Deployment> kept_;  // by generation
  std::uint64_t serving_ = 0;
  ListenerSet passed_;
  std::optional<Deployment> next_;
  LoadId next_load_ = 0;  // that made it
  std::shared_ptr<const WorkerProgram> opened_;
  ListenAttempt listening_;                     // of the next one
  std::shared_ptr<const ListenerSet> offered_;  // to the load that is under way
  std::function<bool(int, const std::string&)> give_;
  std::function<void(const std::string&, std::size_t)> closed_;
  std::function<void()> retired_;
  std::unique_ptr<ListenerRetirement> retirement_;
  std::unique_ptr<DeploymentLoader> loader_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DEPLOYMENT_DEPLOYMENTS_H_
