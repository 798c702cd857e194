#include "muster/worker/threads/thread_pool.h"

#include <utility>

#include "muster/ipc/base/status.h"
#include "muster/worker/threads/pool_state.h"

namespace muster::worker {

void TaskHandle::Cancel() const {
  if (task_ != nullptr) pool_->Cancel(task_);
}

ThreadPool::ThreadPool() = default;

ThreadPool::ThreadPool(Size size, Surroundings surroundings)
    : state_(size.count == 0 ? nullptr
                             : std::make_shared<PoolState>(size, std::move(surroundings))) {}

ThreadPool::~ThreadPool() { End(loop::Clock::duration::max()); }

absl::Status ThreadPool::CheckConfigured() const {
  if (state_ != nullptr) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "threads: this worker has none; the configuration needs threads { count: ... }");
}

absl::StatusOr<TaskHandle> ThreadPool::Submit(Work work, Options options) {
  MUSTER_RETURN_IF_ERROR(CheckConfigured());
  auto task = std::make_shared<PoolTask>();
  task->deadline = options.deadline;
  task->outlasts_clients = options.outlasts_clients;
  task->work = std::move(work);
  task->on_done = std::move(options.on_done);
  MUSTER_RETURN_IF_ERROR(state_->Submit(task));
  return TaskHandle(state_, std::move(task));
}

ThreadPool::Load ThreadPool::load() const {
  return state_ != nullptr ? state_->load() : Load{0, 0, 0, 0};
}

void ThreadPool::CloseForClients() {
  if (state_ != nullptr) state_->CloseForClients();
}

bool ThreadPool::End(loop::Clock::duration patience) {
  return state_ == nullptr || state_->End(patience);
}

}  // namespace muster::worker
