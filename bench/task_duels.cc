#include "muster/bench/task_duels.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/bench/guarded_count.h"
#include "muster/bench/shared.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/event_loop.h"
#include "muster/worker/threads/thread_pool.h"

namespace muster::bench {
namespace {

constexpr std::uint32_t kThreads = 1;
constexpr int kMany = 256;

// Both are made in the process of the round.
class OurPool {
 public:
  OurPool() : pool_({kThreads, kMany}, {*loop_, [](absl::string_view) {}}) {}

  // `work` in the thread, `done` here.
  template <typename Work, typename Done>
  void Submit(Work work, Done done) {
    const auto task = pool_.Submit(
        [work](worker::Task&) {
          work();
          return absl::OkStatus();
        },
        {.on_done = [done](const absl::Status&) { done(); }});
    MUSTER_CHECK(task.ok(), "the pool takes a task");
  }
  void Await() { MUSTER_CHECK(loop_->RunOnce().ok(), "the loop runs"); }

 private:
  const std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  worker::ThreadPool pool_;
};

class ByHandPool {
 public:
  ByHandPool() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_CLOEXEC)) {
    epoll_event event = {};
    event.events = EPOLLIN | EPOLLET;
    MUSTER_CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) == 0, "epoll_ctl");
    for (std::uint32_t i = 0; i < kThreads; ++i) threads_.emplace_back([this] { Run(); });
  }
  ~ByHandPool() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    has_work_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  template <typename Work, typename Done>
  void Submit(Work work, Done done) {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back({work, done});
    }
    has_work_.notify_one();
  }
  void Await() {
    epoll_event event;
    (void)::epoll_wait(epoll_.get(), &event, 1, -1);
    std::vector<std::function<void()>> done;
    {
      const std::lock_guard lock(mutex_);
      done.swap(done_);
    }
    for (const auto& tell : done) tell();
  }

 private:
  struct Task {
    std::function<void()> work;
    std::function<void()> done;
  };

  void Run() {
    std::unique_lock lock(mutex_);
    while (true) {
      has_work_.wait(lock, [this] { return is_over_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task.work();
      lock.lock();
      const bool is_first = done_.empty();
      done_.push_back(std::move(task.done));
      if (!is_first) continue;
      lock.unlock();
      const std::uint64_t one = 1;
      (void)!::write(wake_.get(), &one, sizeof(one));
      lock.lock();
    }
  }

  const ipc::UniqueFd epoll_;
  const ipc::UniqueFd wake_;
  std::mutex mutex_;
  std::condition_variable has_work_;
  std::deque<Task> tasks_;
  std::vector<std::function<void()>> done_;
  bool is_over_ = false;
  std::vector<std::thread> threads_;
};

struct Counts {
  std::uint64_t worked = 0;
  std::uint64_t told = 0;
};

// An operation is a task: `batch` are submitted, and then awaited.
template <typename Pool>
Contestant Tasks(std::string name, int batch) {
  const auto state = MakeShared<Counts>();
  return {.name = std::move(name),
          .reset = [state] { *state = {}; },
          .play =
              [state, batch](Turn& turn) {
                Pool pool;
                Counts& counts = *state;
                std::uint64_t submitted = 0;
                turn.Repeat<kMany>([&] {
                  pool.Submit([&counts] { ++counts.worked; }, [&counts] { ++counts.told; });
                  if (++submitted % static_cast<std::uint64_t>(batch) != 0) return;
                  while (counts.told < submitted) pool.Await();
                });
              },
          .check =
              [state](std::uint64_t total) {
                const absl::Status worked = CheckCount(state->worked, total);
                return worked.ok() ? CheckCount(state->told, total) : worked;
              }};
}

}  // namespace

std::vector<Duel> TaskDuels() {
  return {
      {"task and its completion, one at a time", Processes::kOne, Tasks<OurPool>("ThreadPool", 1),
       Tasks<ByHandPool>("std::thread and eventfd", 1), 1.50},
      {"task and its completion, 256 at a time", Processes::kOne,
       Tasks<OurPool>("ThreadPool", kMany), Tasks<ByHandPool>("std::thread and eventfd", kMany),
       std::nullopt},
  };
}

}  // namespace muster::bench
