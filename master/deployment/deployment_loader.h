#ifndef MUSTER_MASTER_DEPLOYMENT_DEPLOYMENT_LOADER_H_
#define MUSTER_MASTER_DEPLOYMENT_DEPLOYMENT_LOADER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/handler.h"
#include "muster/master/aside/side_thread.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/deployment/deployment.h"

namespace muster::master {

// Loads deployments in a thread of its own, one after the other, so that the master's loop waits
// for no file system, name service or worker program. A load that hangs holds up later loads only.
// Used in the thread of `loop`, which outlives it.
class DeploymentLoader : private loop::Handler {
 public:
  // Performed in the loader's thread. Owns all that it uses. Should end soon after `stop_fd` has
  // become readable.
  using Load = absl::AnyInvocable<absl::StatusOr<Deployment>(int stop_fd)>;
  // Called in the loop's thread, not from within Begin or Abandon.
  using Done = std::function<void(LoadId, absl::StatusOr<Deployment>)>;

  static absl::StatusOr<std::unique_ptr<DeploymentLoader>> Create(loop::EventLoop& loop, Done done);
  ~DeploymentLoader() override;
  DeploymentLoader(const DeploymentLoader&) = delete;
  DeploymentLoader& operator=(const DeploymentLoader&) = delete;

  // Calls `done` once `load` has ended. Unavailable: an overdue load has not ended yet; the message
  // says what it hangs in.
  absl::Status Begin(LoadId id, Load load);

  // `done` will not be called for this load. What it makes is destroyed in the loader's thread.
  void Abandon(LoadId id);
  // The same for a load that takes too long. Returns DeadlineExceeded with what it hangs in.
  absl::Status AbandonOverdue(LoadId id);

  // Destroys `thing` in the loader's thread, since to close a file, or to give large memory back,
  // may take long.
  template <typename T>
  void Destroy(T thing) {
    thread_->Post([thing = std::move(thing)] {});
  }

 private:
  struct UnderWay;
  struct Ended;

  DeploymentLoader(loop::EventLoop& loop, Done done, std::shared_ptr<Ended> ended,
                   std::unique_ptr<SideThread> thread);
  void OnEvents(std::uint32_t events) override;
  // "still reading /srv/m.textproto after 31s"
  std::string WhatHangs() const;

  loop::EventLoop& loop_;
  const Done done_;
  const std::shared_ptr<Ended> ended_;                     // the thread has it too
  std::map<LoadId, std::shared_ptr<UnderWay>> under_way_;  // until they have ended
  LoadId overdue_ = 0;                                     // the last one that was
  const std::unique_ptr<SideThread> thread_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DEPLOYMENT_DEPLOYMENT_LOADER_H_
