#include "muster/worker/threads/task_queue.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace muster::worker {

absl::Status TaskQueue::Add(Task task) {
  if (is_closed_)
    return absl::UnavailableError("threads: the worker ends, and begins no more tasks");
  if (waiting_.size() + running_.size() >= most_) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "threads: ", running_.size(), " tasks run and ", waiting_.size(),
        " wait, as many as threads.count and threads.queue of the configuration allow"));
  }
  QueuedTask& added = *task;
  added.stage_ = QueuedTask::Stage::kWaiting;
  added.number_ = ++last_number_;
  added.place_ = waiting_.insert(waiting_.end(), std::move(task));
  if (added.deadline != loop::TimePoint::max()) {
    deadlines_.insert({added.deadline, {added.number_, &added}});
  }
  return absl::OkStatus();
}

TaskQueue::Task TaskQueue::Take() {
  if (waiting_.empty()) return nullptr;
  Task task = waiting_.front();
  if (!deadlines_.empty()) deadlines_.erase({task->deadline, {task->number_, task.get()}});
  task->stage_ = QueuedTask::Stage::kRunning;
  running_.splice(running_.end(), waiting_, waiting_.begin());
  return task;
}

void TaskQueue::Finish(QueuedTask& task) {
  task.stage_ = QueuedTask::Stage::kOutside;
  running_.erase(task.place_);
}

TaskQueue::Task TaskQueue::Remove(QueuedTask& task) {
  if (!deadlines_.empty()) deadlines_.erase({task.deadline, {task.number_, &task}});
  task.stage_ = QueuedTask::Stage::kOutside;
  Task removed = std::move(*task.place_);
  waiting_.erase(task.place_);
  return removed;
}

TaskQueue::Tasks TaskQueue::Expire(loop::TimePoint now) {
  Tasks expired;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    expired.push_back(Remove(*deadlines_.begin()->second.second));
  }
  return expired;
}

std::optional<loop::TimePoint> TaskQueue::next_deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

bool TaskQueue::Cancel(QueuedTask& task) {
  task.is_cancelled_.store(true, std::memory_order_relaxed);
  if (task.stage_ != QueuedTask::Stage::kWaiting) return false;
  Remove(task);
  return true;
}

template <typename Condition>
TaskQueue::Tasks TaskQueue::CloseFor(Condition is_meant) {
  is_closed_ = true;
  for (const Task& task : running_) {
    if (is_meant(*task)) task->is_cancelled_.store(true, std::memory_order_relaxed);
  }
  Tasks cancelled;
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    QueuedTask& task = **next++;
    if (!is_meant(task)) continue;
    task.is_cancelled_.store(true, std::memory_order_relaxed);
    cancelled.push_back(Remove(task));
  }
  return cancelled;
}

TaskQueue::Tasks TaskQueue::Close() {
  return CloseFor([](const QueuedTask& task) { return !task.outlasts_clients; });
}

TaskQueue::Tasks TaskQueue::CloseForAll() {
  return CloseFor([](const QueuedTask&) { return true; });
}

TaskQueue::Tasks TaskQueue::TakeOut() {
  Tasks out;
  while (!waiting_.empty()) out.push_back(Remove(*waiting_.front()));
  return out;
}

}  // namespace muster::worker
