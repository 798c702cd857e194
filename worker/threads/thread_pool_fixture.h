#ifndef MUSTER_WORKER_THREADS_THREAD_POOL_FIXTURE_H_
#define MUSTER_WORKER_THREADS_THREAD_POOL_FIXTURE_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "muster/loop/clock.h"
#include "muster/loop/event_loop.h"
#include "muster/worker/threads/thread_pool.h"

namespace muster::worker::testing {

// What one thread opens, and others wait for.
class Gate {
 public:
  void Open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = false;
};

// A loop, which the test runs, and a pool.
class ThreadPoolTest : public ::testing::Test {
 protected:
  ThreadPoolTest() { Make(2, 16); }
  // Another one.
  void Make(std::uint32_t count, std::uint32_t queue) {
    pool_ = std::make_unique<ThreadPool>(
        ThreadPool::Size{count, queue},
        ThreadPool::Surroundings{*loop_, [this](absl::string_view line) {
                                   const std::lock_guard lock(lines_mutex_);
                                   lines_.emplace_back(line);
                                 }});
  }
  void RunUntil(const std::function<bool()>& is_so) {
    const auto limit = loop::Clock::now() + std::chrono::seconds(60);
    while (!is_so()) {
      ASSERT_LT(loop::Clock::now(), limit) << "it does not come to this";
      ASSERT_TRUE(loop_->RunOnce(std::chrono::seconds(1)).ok());
    }
  }
  void RunUntilIdle() {
    RunUntil([this] { return pool_->load().unfinished == 0; });
  }
  // Writes down what it is told.
  ThreadPool::OnDone Note() {
    return [this](const absl::Status& status) { told_.push_back(status); };
  }
  // Returns when a thread of the pool is in it. It ends when `gate` is open.
  TaskHandle Occupy(Gate& gate, bool outlasts_clients = false) {
    auto begun = std::make_shared<Gate>();
    auto task = pool_->Submit(
        [&gate, begun](Task&) {
          begun->Open();
          gate.Wait();
          return absl::OkStatus();
        },
        {.on_done = Note(), .outlasts_clients = outlasts_clients});
    EXPECT_TRUE(task.ok()) << task.status();
    begun->Wait();
    return *std::move(task);
  }

  std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  std::vector<absl::Status> told_;
  std::mutex lines_mutex_;
  std::vector<std::string> lines_;  // guarded by lines_mutex_
  std::unique_ptr<ThreadPool> pool_;
};

}  // namespace muster::worker::testing

#endif  // MUSTER_WORKER_THREADS_THREAD_POOL_FIXTURE_H_
