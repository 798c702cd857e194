#include "muster/master/deployment/deployment_loader.h"

#include <sys/epoll.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/wake_fd.h"

namespace muster::master {

struct DeploymentLoader::UnderWay {
  explicit UnderWay(ipc::WakeFd stop_fd) : stop(std::move(stop_fd)) {}

  ipc::WakeFd stop;
  std::atomic<bool> is_abandoned = false;
};

// What the thread has for the loop.
struct DeploymentLoader::Ended {
  explicit Ended(ipc::WakeFd wake_fd) : wake(std::move(wake_fd)) {}

  void Add(LoadId id, std::optional<absl::StatusOr<Deployment>> outcome) {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      loads.emplace_back(id, std::move(outcome));
    }
    wake.Notify();
  }
  auto Take() {
    wake.Drain();
    const std::lock_guard<std::mutex> lock(mutex);
    return std::exchange(loads, {});
  }

  ipc::WakeFd wake;
  std::mutex mutex;
  // Guarded by mutex. Without an outcome: it was abandoned.
  std::vector<std::pair<LoadId, std::optional<absl::StatusOr<Deployment>>>> loads;
};

absl::StatusOr<std::unique_ptr<DeploymentLoader>> DeploymentLoader::Create(loop::EventLoop& loop,
                                                                           Done done) {
  MUSTER_ASSIGN_OR_RETURN(ipc::WakeFd wake, ipc::WakeFd::Create());
  MUSTER_ASSIGN_OR_RETURN(std::unique_ptr<SideThread> thread, SideThread::Start());
  auto ended = std::make_shared<Ended>(std::move(wake));
  std::unique_ptr<DeploymentLoader> loader(
      new DeploymentLoader(loop, std::move(done), std::move(ended), std::move(thread)));
  MUSTER_RETURN_IF_ERROR(loop.Add(loader->ended_->wake.fd(), EPOLLIN, loader.get()));
  return loader;
}

DeploymentLoader::DeploymentLoader(loop::EventLoop& loop, Done done, std::shared_ptr<Ended> ended,
                                   std::unique_ptr<SideThread> thread)
    : loop_(loop), done_(std::move(done)), ended_(std::move(ended)), thread_(std::move(thread)) {}

DeploymentLoader::~DeploymentLoader() {
  for (const auto& [id, load] : under_way_) Abandon(id);
  loop_.Remove(ended_->wake.fd(), this);
}

absl::Status DeploymentLoader::Begin(LoadId id, Load load) {
  if (under_way_.count(overdue_) != 0) {
    return absl::UnavailableError(absl::StrCat("an earlier reload is ", WhatHangs()));
  }
  MUSTER_ASSIGN_OR_RETURN(ipc::WakeFd stop, ipc::WakeFd::Create());
  const auto under_way = std::make_shared<UnderWay>(std::move(stop));
  MUSTER_CHECK(under_way_.emplace(id, under_way).second, "a load began twice");
  thread_->Post([id, load = std::move(load), under_way, ended = ended_]() mutable {
    std::optional<absl::StatusOr<Deployment>> outcome;
    if (!under_way->is_abandoned) outcome = load(under_way->stop.fd());
    if (under_way->is_abandoned) outcome.reset();
    load = nullptr;
    ended->Add(id, std::move(outcome));
  });
  return absl::OkStatus();
}

void DeploymentLoader::Abandon(LoadId id) {
  const auto found = under_way_.find(id);
  if (found == under_way_.end()) return;
  found->second->is_abandoned = true;
  found->second->stop.Notify();
}

absl::Status DeploymentLoader::AbandonOverdue(LoadId id) {
  const std::string what = WhatHangs();
  Abandon(id);
  overdue_ = id;
  return absl::DeadlineExceededError(what);
}

void DeploymentLoader::OnEvents(std::uint32_t) {
  // Those that were abandoned have ended, too.
  for (auto& [id, outcome] : ended_->Take()) {
    const auto found = under_way_.find(id);
    const bool is_abandoned = found->second->is_abandoned;
    under_way_.erase(found);
    if (!outcome) continue;
    if (!is_abandoned) {
      done_(id, *std::move(outcome));
    } else if (outcome->ok()) {
      Destroy(**std::move(outcome));
    }
  }
}

std::string DeploymentLoader::WhatHangs() const {
  const std::optional<SideThread::Busy> busy = thread_->busy();
  return busy ? busy->ToString() : "at its end just now";
}

}  // namespace muster::master
