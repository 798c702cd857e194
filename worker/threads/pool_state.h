#ifndef MUSTER_WORKER_THREADS_POOL_STATE_H_
#define MUSTER_WORKER_THREADS_POOL_STATE_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "muster/loop/clock.h"
#include "muster/loop/timer.h"
#include "muster/worker/threads/task_queue.h"
#include "muster/worker/threads/thread_pool.h"

namespace muster::worker {

// A task with what it does.
class PoolTask : public QueuedTask {
 public:
  ThreadPool::Work work;
  ThreadPool::OnDone on_done;
  absl::Status status;  // what on_done is told; of one thread at a time
};

// What the threads of a ThreadPool, its handles and its tasks for the loop have in common. Made and
// ended in the loop's thread. Its owners share it, so the last of them may come late.
class PoolState : public std::enable_shared_from_this<PoolState> {
 public:
  PoolState(ThreadPool::Size size, ThreadPool::Surroundings surroundings);

  absl::Status Submit(const std::shared_ptr<PoolTask>& task);
  void Cancel(const std::shared_ptr<PoolTask>& task);
  ThreadPool::Load load() const;
  void CloseForClients();
  bool End(loop::Clock::duration patience);

 private:
  using Lock = std::unique_lock<std::mutex>;

  // With the lock, and let others wait for it: one thread starts at a time. The first of several
  // failures is logged.
  absl::Status StartThreadLocked();
  // What a thread does.
  void Run();
  // Of those that leave before the end of the pool, and end in a moment, nothing is kept.
  void JoinLeft();
  // False: the thread must end.
  bool RunTask(const std::shared_ptr<PoolTask>& task);
  // Its work is done. `leaves`: so is this thread.
  void Finish(const std::shared_ptr<PoolTask>& task, bool leaves);
  // This thread is one less. Adds to `ended` those that wait, if no thread is left for them.
  void LeaveLocked(std::vector<std::shared_ptr<PoolTask>>* ended);
  // Called with the lock, which it gives back: `tasks` have ended, and the loop's thread is to
  // tell.
  void Complete(Lock lock, std::vector<std::shared_ptr<PoolTask>> tasks);
  void Complete(Lock lock, TaskQueue::Tasks tasks, const absl::Status& status);
  // In the loop's thread.
  void ArmTimer();
  void OnTimer();
  void Tell();

  const std::uint32_t count_;
  const ThreadPool::Surroundings around_;
  const std::thread::id loop_thread_;

  mutable std::mutex mutex_;
  // All of the following is guarded by mutex_.
  TaskQueue queue_;
  std::vector<std::shared_ptr<PoolTask>> ended_;  // and not told
  std::size_t unfinished_ = 0;
  // The earliest deadline that the timer has, or will have when the loop's thread comes to it.
  loop::TimePoint timer_deadline_ = loop::TimePoint::max();
  std::vector<std::thread> threads_;
  std::vector<std::thread> left_;  // no longer of those; the next one that starts joins them
  std::uint32_t alive_ = 0;        // of those
  std::uint32_t idle_ = 0;         // of those
  std::uint32_t last_number_ = 0;
  bool is_short_of_threads_ = false;
  bool is_ending_ = false;
  std::condition_variable has_work_;
  std::condition_variable has_left_;

  std::optional<loop::Timer> timer_;  // of the loop's thread; none after End
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_THREADS_POOL_STATE_H_
