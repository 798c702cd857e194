#ifndef MUSTER_WORKER_THREADS_TASK_QUEUE_H_
#define MUSTER_WORKER_THREADS_TASK_QUEUE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "muster/loop/clock.h"

namespace muster::worker {

// A task as a TaskQueue knows it. What it does is in a type derived from this one.
class QueuedTask {
 public:
  QueuedTask() = default;
  virtual ~QueuedTask() = default;
  QueuedTask(const QueuedTask&) = delete;
  QueuedTask& operator=(const QueuedTask&) = delete;

  // Set before it is added: if it has not begun by then, it never does.
  loop::TimePoint deadline = loop::TimePoint::max();
  // Set before it is added: TaskQueue::Close leaves it alone.
  bool outlasts_clients = false;

  // Thread-safe. Relaxed: it asks for an end, and says nothing of other memory.
  bool is_cancelled() const { return is_cancelled_.load(std::memory_order_relaxed); }

 private:
  friend class TaskQueue;
  enum class Stage { kOutside, kWaiting, kRunning };

  std::atomic<bool> is_cancelled_{false};
  Stage stage_ = Stage::kOutside;
  std::uint64_t number_ = 0;
  std::list<std::shared_ptr<QueuedTask>>::iterator place_;
};

// Which task runs next, which one never runs, and why: the decisions of a ThreadPool, without its
// threads and its clock. Tasks begin in the order in which they were added. Each one leaves the
// queue once: from Take by way of Finish, or from the result of another call, which tells that it
// never began. One thread at a time.
class TaskQueue {
 public:
  using Task = std::shared_ptr<QueuedTask>;
  using Tasks = std::vector<Task>;

  // `most` is how many tasks may be in it: those that run and those that wait.
  explicit TaskQueue(std::size_t most) : most_(most) {}

  // ResourceExhausted: it is full. Unavailable: it is closed.
  absl::Status Add(Task task);
  // Begins the oldest task. Null: none waits. Call Expire first.
  Task Take();
  // A task that Take returned has ended.
  void Finish(QueuedTask& task);

  // Those that have not begun and whose deadline has come.
  Tasks Expire(loop::TimePoint now);
  // Of those that have not begun.
  std::optional<loop::TimePoint> next_deadline() const;

  // Marks the task as cancelled. True: it has not begun, and is out. Else it runs on as it likes.
  bool Cancel(QueuedTask& task);
  // Nothing is added any more. All tasks but those that outlast clients are cancelled. Returns
  // those of them that have not begun.
  Tasks Close();
  // The same with all tasks.
  Tasks CloseForAll();
  bool is_closed() const { return is_closed_; }

  // Returns all that have not begun. It stays open.
  Tasks TakeOut();

  std::size_t waiting() const { return waiting_.size(); }
  std::size_t running() const { return running_.size(); }

 private:
  using List = std::list<Task>;

  Task Remove(QueuedTask& task);
  template <typename Condition>
  Tasks CloseFor(Condition is_meant);

  const std::size_t most_;
  bool is_closed_ = false;
  std::uint64_t last_number_ = 0;
  List waiting_;  // the oldest first
  List running_;
  // Of those that wait and have a deadline. The number tells them apart.
  std::set<std::pair<loop::TimePoint, std::pair<std::uint64_t, QueuedTask*>>> deadlines_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_THREADS_TASK_QUEUE_H_
