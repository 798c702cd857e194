#ifndef MUSTER_IPC_TESTING_THREADS_H_
#define MUSTER_IPC_TESTING_THREADS_H_

#include <sys/types.h>
#include <unistd.h>

#include <future>
#include <thread>
#include <utility>

#include "muster/ipc/testing/forked_child.h"

namespace muster::ipc {

// What `call` returns in a thread of its own, which has ended since.
template <typename Call>
auto InThread(Call call) {
  std::packaged_task<decltype(call())()> task(std::move(call));
  auto result = task.get_future();
  std::thread(std::move(task)).join();
  return result.get();
}

// A thread that blocks in `call`, for tests.
template <typename Result>
class BlockedThread {
 public:
  // Returns once the thread sleeps.
  template <typename Call>
  explicit BlockedThread(Call call) {
    std::promise<pid_t> tid;
    std::future<pid_t> known = tid.get_future();
    std::packaged_task<Result()> task(std::move(call));
    result_ = task.get_future();
    thread_ = std::thread([&tid, task = std::move(task)]() mutable {
      tid.set_value(::gettid());
      task();
    });
    AwaitAsleep(known.get());
  }
  ~BlockedThread() {
    if (thread_.joinable()) thread_.join();
  }
  BlockedThread(const BlockedThread&) = delete;
  BlockedThread& operator=(const BlockedThread&) = delete;

  // Blocks until the call returns: its result.
  Result Join() {
    thread_.join();
    return result_.get();
  }

 private:
  std::future<Result> result_;
  std::thread thread_;
};

template <typename Call>
BlockedThread(Call) -> BlockedThread<decltype(std::declval<Call&>()())>;

}  // namespace muster::ipc

#endif  // MUSTER_IPC_TESTING_THREADS_H_
