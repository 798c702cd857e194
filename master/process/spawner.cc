#include "muster/master/process/spawner.h"

#include <sys/prctl.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/host/wait_note.h"
#include "muster/ipc/base/status.h"

namespace muster::master {

struct Spawner::Attempt {
  Attempt(std::shared_ptr<const WorkerProgram> attempted, std::optional<LaunchPlan> with,
          std::vector<WorkerLog> to_write)
      : program(std::move(attempted)), plan(std::move(with)), logs(std::move(to_write)) {}

  // In the thread.
  void Perform() {
    const host::WaitNote note("starting", program->path());
    if (has_no_new_privs()) ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    absl::StatusOr<SpawnedWorker> worker =
        SpawnWorker(*program, plan.has_value() ? &*plan : nullptr, logs);
    const std::lock_guard<std::mutex> lock(mutex);
    result.emplace(std::move(worker));
    changed.notify_all();
  }

  bool has_no_new_privs() const { return plan.has_value() && plan->no_new_privs; }

  const std::shared_ptr<const WorkerProgram> program;
  const std::optional<LaunchPlan> plan;
  const std::vector<WorkerLog> logs;
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<absl::StatusOr<SpawnedWorker>> result;  // guarded by mutex
};

absl::StatusOr<SpawnedWorker> Spawner::Spawn(std::shared_ptr<const WorkerProgram> program,
                                             std::optional<LaunchPlan> plan,
                                             std::vector<WorkerLog> logs) {
  TakeBackWhatHasEnded();
  for (const Hanging& hanging : hanging_) {
    if (hanging.attempt->program != program) continue;
    const auto busy = hanging.thread->busy();
    return absl::UnavailableError(busy ? busy->ToString() : "it was started too late");
  }
  if (hanging_.size() >= kMostHanging) {
    return absl::UnavailableError(
        absl::StrCat("start ", program->path(), ": ", kMostHanging, " other programs hang"));
  }
  const auto attempt =
      std::make_shared<Attempt>(std::move(program), std::move(plan), std::move(logs));
  std::vector<std::unique_ptr<SideThread>>& idle = idle_[attempt->has_no_new_privs()];
  if (idle.empty()) {
    MUSTER_ASSIGN_OR_RETURN(std::unique_ptr<SideThread> started, SideThread::Start());
    idle.push_back(std::move(started));
  }
  SideThread& thread = *idle.back();
  thread.Post([attempt] { attempt->Perform(); });
  std::unique_lock<std::mutex> lock(attempt->mutex);
  const bool has_ended =
      attempt->changed.wait_for(lock, patience_, [&] { return attempt->result.has_value(); });
  if (has_ended) return *std::move(attempt->result);
  hanging_.push_back({std::move(idle.back()), attempt});
  idle.pop_back();
  const auto busy = thread.busy();
  return absl::UnavailableError(busy ? busy->ToString() : "it was started too late");
}

void Spawner::TakeBackWhatHasEnded() {
  const auto has_ended = [](Hanging& hanging) {
    const std::lock_guard<std::mutex> lock(hanging.attempt->mutex);
    return hanging.attempt->result.has_value();
  };
  const auto ended = std::stable_partition(hanging_.begin(), hanging_.end(),
                                           [&](Hanging& hanging) { return !has_ended(hanging); });
  for (auto it = ended; it != hanging_.end(); ++it) {
    idle_[it->attempt->has_no_new_privs()].push_back(std::move(it->thread));
  }
  hanging_.erase(ended, hanging_.end());
}

}  // namespace muster::master
