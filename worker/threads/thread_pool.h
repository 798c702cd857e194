#ifndef MUSTER_WORKER_THREADS_THREAD_POOL_H_
#define MUSTER_WORKER_THREADS_THREAD_POOL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/loop/clock.h"
#include "muster/loop/event_loop.h"
#include "muster/worker/threads/task.h"

namespace muster::worker {

class PoolTask;
class PoolState;

// A task that was submitted. Copies are the same task. It may outlive the pool, and has no effect
// then. Thread-safe.
class TaskHandle {
 public:
  TaskHandle() = default;

  // A task that has not begun never does, and its completion says CANCELLED. One that runs finds
  // Task::cancelled() true; its completion says what its work returns. Without effect on a task
  // that has ended, and on a handle of no task.
  void Cancel() const;

 private:
  friend class ThreadPool;
  TaskHandle(std::shared_ptr<PoolState> pool, std::shared_ptr<PoolTask> task)
      : pool_(std::move(pool)), task_(std::move(task)) {}

  std::shared_ptr<PoolState> pool_;
  std::shared_ptr<PoolTask> task_;
};

// The threads of a worker, for what would block its loop: Context::threads(). `threads` of the
// configuration says how many there are, and how many tasks may wait for one. A thread starts when
// a task needs it, and lives until the worker ends.
//
// All methods but the constructor, End and the destructor may be called from any thread of the
// process that made it. A child of fork must not use it.
//
// From a thread of the pool, work may call: Submit and TaskHandle::Cancel; Context::Post,
// Context::Log, Context::zone(name), Context::metrics() and the handles that it gave;
// StreamHandle::Post and is_gone; http::Reply::Send; and all that UserZone::Get returned: the
// worker takes part in a zone with all of its threads. The rest of Context, and all methods of
// Stream, belong to the loop's thread.
//
// Locks. A lock of a zone that a thread of the pool holds when the worker is killed is recovered as
// any other: the next owner gets kOwnerDied. If work returns while its thread still holds one, its
// completion says INTERNAL, and the thread ends, by which the lock is abandoned: the next owner, in
// any process, gets kOwnerDied. Another thread takes its place.
//
// Memory: what was done before Submit is seen by the work, and what the work did by on_done.
class ThreadPool {
 public:
  // Runs in a thread of the pool. It may block. What it returns is what the completion says. An
  // exception becomes INTERNAL with its text. It is destroyed in that thread before on_done is
  // called; if it never runs, in the loop's thread, or in that of a Submit that returns an error.
  using Work = absl::AnyInvocable<absl::Status(Task&)>;
  // Called in the loop's thread, once, and destroyed there; in the thread of a Submit that returns
  // an error, it is destroyed without having been called. An exception ends the worker, as in a
  // task of Context::Post.
  using OnDone = absl::AnyInvocable<void(const absl::Status&)>;

  struct Options {
    // A task that has not begun by then never does. The completion says DEADLINE_EXCEEDED, at the
    // deadline, even if all threads are busy. A task that has begun is not ended by it.
    loop::TimePoint deadline = loop::TimePoint::max();
    // Null: nobody is told. An error that the work returns goes into the log then, but for the
    // CANCELLED of a task that was cancelled.
    OnDone on_done = nullptr;
    // Of a worker that drains: the last connection is gone, and the task has not ended. True: it is
    // finished, or begun and finished, if that takes no longer than shutdown_timeout. False: it is
    // cancelled.
    bool outlasts_clients = false;
  };

  struct Size {
    std::uint32_t count;  // of threads; 0: nothing is begun
    std::uint32_t queue;  // of tasks that wait
  };
  struct Surroundings {
    loop::EventLoop& loop;
    std::function<void(absl::string_view)> warn;  // writes a line into the log; thread-safe
  };

  // Of a configuration without `threads`.
  ThreadPool();
  // In the loop's thread. What `surroundings` names outlives it.
  ThreadPool(Size size, Surroundings surroundings);
  // Waits for its threads, however long they take: see End.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // For make_service, so that a reload without `threads` is refused. FailedPrecondition: the
  // configuration has none.
  //
  // If make_service fails after a Submit, what it has made goes while the task may run. So it
  // submits last, or lets the work own what it uses.
  absl::Status CheckConfigured() const;

  // Runs `work` in a thread of the pool. Does not wait. on_done is called later, never within, and
  // only if this returns OK. Errors, after which nothing is called: ResourceExhausted, `count` and
  // `queue` together are taken. Unavailable, the worker ends. FailedPrecondition, as
  // CheckConfigured. Others: no thread could be started, and there is none.
  absl::StatusOr<TaskHandle> Submit(Work work, Options options);
  absl::StatusOr<TaskHandle> Submit(Work work) { return Submit(std::move(work), Options()); }

  // At this moment.
  struct Load {
    std::size_t threads;
    std::size_t running;
    std::size_t waiting;
    std::size_t unfinished;  // those two, and those whose on_done has not returned
  };
  Load load() const;

  // For the runtime: the service has no client any more. No tasks are taken from now on, and those
  // that do not outlast clients are cancelled. Idempotent.
  void CloseForClients();
  // For the runtime, in the loop's thread: cancels all tasks and waits until the threads have
  // ended, at most so long. No on_done is called any more; those that are left are destroyed.
  // False: a thread has not come back. What its work uses must live on.
  bool End(loop::Clock::duration patience);

 private:
  const std::shared_ptr<PoolState> state_;  // null: not configured
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_THREADS_THREAD_POOL_H_
