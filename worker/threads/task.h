#ifndef MUSTER_WORKER_THREADS_TASK_H_
#define MUSTER_WORKER_THREADS_TASK_H_

#include "muster/loop/clock.h"
#include "muster/worker/threads/task_queue.h"

namespace muster::worker {

// What the work of a task hears of its task, while it runs in a thread of the pool. Thread-safe.
class Task {
 public:
  explicit Task(const QueuedTask& task) : task_(task) {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  // Whether somebody has called TaskHandle::Cancel, or the worker is about to end. Work that takes
  // long looks here once in a while, and returns soon after. Nothing interrupts it.
  bool cancelled() const { return task_.is_cancelled(); }
  // As in the options of Submit. It has begun in time; what it does when the time comes is its own
  // decision.
  loop::TimePoint deadline() const { return task_.deadline; }
  // Whether nobody wants the result any more: it is cancelled, or its deadline has passed.
  bool ShouldStop() const { return cancelled() || loop::Clock::now() >= deadline(); }

 private:
  const QueuedTask& task_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_THREADS_TASK_H_
