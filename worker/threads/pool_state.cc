#include "muster/worker/threads/pool_state.h"

#include <cxxabi.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/zone/local/holding_thread.h"
#include "muster/worker/threads/pool_thread.h"
#include "muster/worker/threads/task.h"

namespace muster::worker {
namespace {

std::shared_ptr<PoolTask> AsPoolTask(TaskQueue::Task task) {
  return std::static_pointer_cast<PoolTask>(std::move(task));
}

absl::Status Cancelled() { return absl::CancelledError("threads: the task was cancelled"); }
absl::Status Expired() {
  return absl::DeadlineExceededError("threads: the task did not begin before its deadline");
}

}  // namespace

PoolState::PoolState(ThreadPool::Size size, ThreadPool::Surroundings surroundings)
    : count_(size.count),
      around_(std::move(surroundings)),
      loop_thread_(std::this_thread::get_id()),
      queue_(std::size_t{size.count} + size.queue) {
  timer_.emplace(around_.loop, [this] { OnTimer(); });
}

absl::Status PoolState::Submit(const std::shared_ptr<PoolTask>& task) {
  bool is_earliest = false;
  bool is_awaited = false;
  {
    const Lock lock(mutex_);
    MUSTER_RETURN_IF_ERROR(queue_.Add(task));
    if (idle_ < queue_.waiting() && alive_ < count_) {
      const absl::Status started = StartThreadLocked();
      if (!started.ok() && alive_ == 0) {
        queue_.Cancel(*task);
        return started;
      }
    }
    ++unfinished_;
    is_awaited = idle_ > 0;
    if (task->deadline < timer_deadline_) {
      timer_deadline_ = task->deadline;
      is_earliest = true;
    }
  }
  if (is_awaited) has_work_.notify_one();
  if (!is_earliest) return absl::OkStatus();
  if (std::this_thread::get_id() == loop_thread_) {
    ArmTimer();
  } else {
    around_.loop.Post([self = shared_from_this()] { self->ArmTimer(); });
  }
  return absl::OkStatus();
}

absl::Status PoolState::StartThreadLocked() {
  auto thread = StartPoolThread(last_number_, [self = shared_from_this()] { self->Run(); });
  // The others go on, and the next task tries again.
  if (!thread.ok()) {
    if (!std::exchange(is_short_of_threads_, true)) around_.warn(thread.status().message());
    return thread.status();
  }
  is_short_of_threads_ = false;
  threads_.push_back(*std::move(thread));
  ++last_number_;
  ++alive_;
  return absl::OkStatus();
}

void PoolState::Run() {
  JoinLeft();
  while (true) {
    Lock lock(mutex_);
    if (queue_.next_deadline().has_value()) {
      if (TaskQueue::Tasks expired = queue_.Expire(loop::Clock::now()); !expired.empty()) {
        Complete(std::move(lock), std::move(expired), Expired());
        continue;
      }
    }
    TaskQueue::Task task = queue_.Take();
    if (task == nullptr) {
      if (is_ending_) {
        --alive_;
        has_left_.notify_all();
        return;
      }
      ++idle_;
      has_work_.wait(lock);
      --idle_;
      continue;
    }
    lock.unlock();
    if (!RunTask(AsPoolTask(std::move(task)))) return;
  }
}

void PoolState::JoinLeft() {
  std::vector<std::thread> left;
  {
    const Lock lock(mutex_);
    left.swap(left_);
  }
  for (std::thread& thread : left) thread.join();
}

// The unwinding of pthread_exit has no object, to which a reference would be bound.
__attribute__((no_sanitize("null"))) bool PoolState::RunTask(
    const std::shared_ptr<PoolTask>& task) {
  try {
    try {
      Task token(*task);
      task->status = task->work(token);
    } catch (const abi::__forced_unwind&) {
      throw;
    } catch (const std::exception& exception) {
      task->status = absl::InternalError(absl::StrCat("threads: an exception: ", exception.what()));
    } catch (...) {
      task->status = absl::InternalError("threads: an exception without a text");
    }
    task->work = nullptr;
  } catch (const abi::__forced_unwind&) {
    // pthread_exit: it must go on.
    task->work = nullptr;
    task->status = absl::InternalError("threads: the work ended its thread");
    Finish(task, /*leaves=*/true);
    throw;
  }
  const bool leaves = ipc::HoldingThread::Current().HoldsAny();
  if (leaves) {
    task->status = absl::InternalError(absl::StrCat(
        "threads: the work returned, with ", absl::StatusCodeToString(task->status.code()),
        ", while its thread held a lock of a zone; the next owner is told that this one died"));
  }
  Finish(task, leaves);
  return !leaves;
}

void PoolState::Finish(const std::shared_ptr<PoolTask>& task, bool leaves) {
  const bool is_as_asked = task->is_cancelled() && absl::IsCancelled(task->status);
  if (!task->status.ok() && !is_as_asked && task->on_done == nullptr) {
    around_.warn(absl::StrCat("a task of the pool: ", task->status.ToString()));
  }
  std::vector<std::shared_ptr<PoolTask>> ended = {task};
  Lock lock(mutex_);
  queue_.Finish(*task);
  if (leaves) LeaveLocked(&ended);
  Complete(std::move(lock), std::move(ended));
}

void PoolState::LeaveLocked(std::vector<std::shared_ptr<PoolTask>>* ended) {
  --alive_;
  has_left_.notify_all();
  const auto own = std::find_if(threads_.begin(), threads_.end(), [](const std::thread& thread) {
    return thread.get_id() == std::this_thread::get_id();
  });
  left_.push_back(std::move(*own));
  threads_.erase(own);
  if (queue_.waiting() <= idle_) return;
  const absl::Status started = StartThreadLocked();
  if (started.ok() || alive_ > 0) return;
  for (TaskQueue::Task& task : queue_.TakeOut()) {
    ended->push_back(AsPoolTask(std::move(task)));
    ended->back()->status = started;
  }
}

void PoolState::Complete(Lock lock, TaskQueue::Tasks tasks, const absl::Status& status) {
  std::vector<std::shared_ptr<PoolTask>> ended;
  for (TaskQueue::Task& task : tasks) {
    ended.push_back(AsPoolTask(std::move(task)));
    ended.back()->status = status;
  }
  Complete(std::move(lock), std::move(ended));
}

void PoolState::Complete(Lock lock, std::vector<std::shared_ptr<PoolTask>> tasks) {
  const bool is_first = ended_.empty() && !tasks.empty();
  ended_.insert(ended_.end(), std::make_move_iterator(tasks.begin()),
                std::make_move_iterator(tasks.end()));
  // The loop is alive until End, which waits for this thread.
  const bool is_told = !is_ending_;
  lock.unlock();
  if (is_first && is_told) around_.loop.Post([self = shared_from_this()] { self->Tell(); });
}

void PoolState::Tell() {
  std::vector<std::shared_ptr<PoolTask>> ended;
  {
    const Lock lock(mutex_);
    ended.swap(ended_);
  }
  for (const std::shared_ptr<PoolTask>& task : ended) {
    task->work = nullptr;  // if it never ran
    if (ThreadPool::OnDone on_done = std::exchange(task->on_done, nullptr)) on_done(task->status);
  }
  const Lock lock(mutex_);
  unfinished_ -= ended.size();
}

void PoolState::ArmTimer() {
  if (!timer_.has_value()) return;
  const Lock lock(mutex_);
  if (timer_deadline_ != loop::TimePoint::max()) timer_->Set(timer_deadline_);
}

void PoolState::OnTimer() {
  Lock lock(mutex_);
  TaskQueue::Tasks expired = queue_.Expire(around_.loop.now());
  timer_deadline_ = queue_.next_deadline().value_or(loop::TimePoint::max());
  if (timer_deadline_ != loop::TimePoint::max()) timer_->Set(timer_deadline_);
  Complete(std::move(lock), std::move(expired), Expired());
}

void PoolState::Cancel(const std::shared_ptr<PoolTask>& task) {
  Lock lock(mutex_);
  if (!queue_.Cancel(*task)) return;
  task->status = Cancelled();
  Complete(std::move(lock), {task});
}

ThreadPool::Load PoolState::load() const {
  const Lock lock(mutex_);
  return {alive_, queue_.running(), queue_.waiting(), unfinished_};
}

void PoolState::CloseForClients() {
  Lock lock(mutex_);
  if (queue_.is_closed()) return;
  TaskQueue::Tasks cancelled = queue_.Close();
  Complete(std::move(lock), std::move(cancelled), Cancelled());
}

bool PoolState::End(loop::Clock::duration patience) {
  std::vector<std::shared_ptr<PoolTask>> untold;
  {
    Lock lock(mutex_);
    is_ending_ = true;
    for (TaskQueue::Task& task : queue_.CloseForAll())
      untold.push_back(AsPoolTask(std::move(task)));
    has_work_.notify_all();
    const auto have_left = [this] { return alive_ == 0; };
    if (patience == loop::Clock::duration::max()) {
      has_left_.wait(lock, have_left);
    } else if (!has_left_.wait_for(lock, patience, have_left)) {
      return false;
    }
    std::move(ended_.begin(), ended_.end(), std::back_inserter(untold));
    ended_.clear();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  JoinLeft();
  timer_.reset();
  for (const std::shared_ptr<PoolTask>& task : untold) {
    task->work = nullptr;
    task->on_done = nullptr;
  }
  return true;
}

}  // namespace muster::worker
