#include "muster/worker/threads/thread_pool.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/loop/clock.h"
#include "muster/worker/threads/thread_pool_fixture.h"

namespace muster::worker {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using testing::Gate;
using ::testing::IsEmpty;
using testing::ThreadPoolTest;

absl::Status Succeed(Task&) { return absl::OkStatus(); }

TEST_F(ThreadPoolTest, RunsWorkInAThreadAndTellsTheLoop) {
  std::thread::id worked;
  std::thread::id told;
  ASSERT_TRUE(pool_
                  ->Submit(
                      [&](Task&) {
                        worked = std::this_thread::get_id();
                        return absl::OkStatus();
                      },
                      {.on_done =
                           [&](const absl::Status& status) {
                             EXPECT_EQ(status, absl::OkStatus());
                             told = std::this_thread::get_id();
                           }})
                  .ok());
  RunUntilIdle();
  EXPECT_NE(worked, std::thread::id());
  EXPECT_NE(worked, std::this_thread::get_id());
  EXPECT_EQ(told, std::this_thread::get_id());
}

TEST_F(ThreadPoolTest, TellsWhatTheWorkReturns) {
  ASSERT_TRUE(
      pool_->Submit([](Task&) { return absl::NotFoundError("no such row"); }, {.on_done = Note()})
          .ok());
  RunUntilIdle();
  EXPECT_THAT(told_, ElementsAre(absl::NotFoundError("no such row")));
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(ThreadPoolTest, LogsAnErrorOfWhichNobodyIsTold) {
  ASSERT_TRUE(pool_->Submit([](Task&) { return absl::NotFoundError("no such row"); }).ok());
  RunUntilIdle();
  EXPECT_THAT(lines_, ElementsAre("a task of the pool: NOT_FOUND: no such row"));
}

TEST_F(ThreadPoolTest, LogsThatAnErrorHasNoText) {
  ASSERT_TRUE(pool_->Submit([](Task&) { return absl::CancelledError(); }).ok());
  RunUntilIdle();
  EXPECT_THAT(lines_, ElementsAre("a task of the pool: CANCELLED: "));
}

TEST_F(ThreadPoolTest, DoesNotLogThatACancelledTaskIsCancelled) {
  std::atomic<int> begun = 0;
  const auto stop = [&begun](absl::StatusCode code) {
    return [&begun, code](Task& task) {
      ++begun;
      while (!task.cancelled()) std::this_thread::yield();
      return absl::Status(code, "stopped");
    };
  };
  const auto cancelled = pool_->Submit(stop(absl::StatusCode::kCancelled));
  const auto failed = pool_->Submit(stop(absl::StatusCode::kDataLoss));
  ASSERT_TRUE(cancelled.ok() && failed.ok());
  while (begun < 2) std::this_thread::yield();
  cancelled->Cancel();
  failed->Cancel();
  RunUntilIdle();
  EXPECT_THAT(lines_, ElementsAre("a task of the pool: DATA_LOSS: stopped"));
}

TEST_F(ThreadPoolTest, MakesAnErrorOfAnExceptionAndGoesOn) {
  Make(1, 16);
  ASSERT_TRUE(pool_
                  ->Submit([](Task&) -> absl::Status { throw std::runtime_error("no such table"); },
                           {.on_done = Note()})
                  .ok());
  ASSERT_TRUE(pool_->Submit([](Task&) -> absl::Status { throw 7; }, {.on_done = Note()}).ok());
  ASSERT_TRUE(pool_->Submit(Succeed, {.on_done = Note()}).ok());
  RunUntilIdle();
  EXPECT_THAT(told_, ElementsAre(absl::InternalError("threads: an exception: no such table"),
                                 absl::InternalError("threads: an exception without a text"),
                                 absl::OkStatus()));
  EXPECT_EQ(pool_->load().threads, 1u);
}

TEST_F(ThreadPoolTest, ReplacesAThreadThatWorkHasEnded) {
  Make(1, 16);
  ASSERT_TRUE(
      pool_->Submit([](Task&) -> absl::Status { ::pthread_exit(nullptr); }, {.on_done = Note()})
          .ok());
  ASSERT_TRUE(pool_->Submit(Succeed, {.on_done = Note()}).ok());
  RunUntilIdle();
  EXPECT_THAT(told_, ElementsAre(absl::InternalError("threads: the work ended its thread"),
                                 absl::OkStatus()));
}

TEST_F(ThreadPoolTest, DestroysWorkInTheThreadThatItHasEnded) {
  std::thread::id destroyed;
  std::shared_ptr<void> held(nullptr,
                             [&destroyed](void*) { destroyed = std::this_thread::get_id(); });
  ASSERT_TRUE(
      pool_->Submit([held = std::move(held)](Task&) -> absl::Status { ::pthread_exit(nullptr); })
          .ok());
  RunUntilIdle();
  EXPECT_NE(destroyed, std::thread::id());
  EXPECT_NE(destroyed, std::this_thread::get_id());
}

// The stack of a thread that has ended and was not joined stays mapped.
TEST_F(ThreadPoolTest, KeepsNothingOfThreadsThatWorkHasEnded) {
  Make(1, 16);
  const auto end_threads = [this](int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(pool_->Submit([](Task&) -> absl::Status { ::pthread_exit(nullptr); }).ok());
      RunUntilIdle();
    }
  };
  const auto count_mappings = [] {
    std::ifstream maps("/proc/self/maps");
    return std::count(std::istreambuf_iterator<char>(maps), std::istreambuf_iterator<char>(), '\n');
  };
  // The C library keeps a few stacks for the next threads.
  end_threads(20);
  const auto before = count_mappings();
  constexpr int kThreads = 100;
  end_threads(kThreads);
  EXPECT_LT(count_mappings(), before + kThreads / 2);
}

TEST_F(ThreadPoolTest, RefusesAtOnceWhatItHasNoRoomFor) {
  Make(1, 1);
  Gate gate;
  Occupy(gate);
  ASSERT_TRUE(pool_->Submit(Succeed, {.on_done = Note()}).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(pool_->Submit(Succeed, {.on_done = Note()}).status()));
  gate.Open();
  RunUntilIdle();
  EXPECT_THAT(told_, ElementsAre(absl::OkStatus(), absl::OkStatus()));
}

TEST_F(ThreadPoolTest, TellsAtTheDeadlineThatATaskHasNotBegun) {
  Make(1, 16);
  Gate gate;
  Occupy(gate);
  std::atomic<bool> has_run = false;
  const auto work = [&](Task&) {
    has_run = true;
    return absl::OkStatus();
  };
  const auto now = loop::Clock::now();
  ASSERT_TRUE(pool_->Submit(work, {.deadline = now + hours(1)}).ok());
  ASSERT_TRUE(pool_->Submit(work, {.deadline = now + milliseconds(2), .on_done = Note()}).ok());
  ASSERT_TRUE(pool_->Submit(work, {.deadline = now - hours(1), .on_done = Note()}).ok());
  RunUntil([&] { return told_.size() == 2; });
  const auto late =
      absl::DeadlineExceededError("threads: the task did not begin before its deadline");
  EXPECT_THAT(told_, ElementsAre(late, late));
  EXPECT_FALSE(has_run) << "the thread is in the first one still";
  gate.Open();
  RunUntilIdle();
  EXPECT_TRUE(has_run);
}

TEST_F(ThreadPoolTest, MindsTheDeadlinesOfTasksFromOtherThreads) {
  Make(1, 16);
  Gate gate;
  Occupy(gate);
  std::thread([this] {
    EXPECT_TRUE(
        pool_
            ->Submit(Succeed, {.deadline = loop::Clock::now() + milliseconds(1), .on_done = Note()})
            .ok());
  }).join();
  RunUntil([&] { return !told_.empty(); });
  EXPECT_TRUE(absl::IsDeadlineExceeded(told_.front()));
  gate.Open();
  RunUntilIdle();
}

TEST_F(ThreadPoolTest, TellsWorkItsDeadline) {
  const auto deadline = loop::Clock::now() + hours(1);
  loop::TimePoint seen;
  bool should_stop = true;
  ASSERT_TRUE(pool_
                  ->Submit(
                      [&](Task& task) {
                        seen = task.deadline();
                        should_stop = task.ShouldStop();
                        return absl::OkStatus();
                      },
                      {.deadline = deadline})
                  .ok());
  RunUntilIdle();
  EXPECT_EQ(seen, deadline);
  EXPECT_FALSE(should_stop);
}

TEST_F(ThreadPoolTest, LetsWorkSeeThatItsDeadlineHasPassed) {
  ASSERT_TRUE(pool_
                  ->Submit(
                      [](Task& task) {
                        while (!task.ShouldStop()) std::this_thread::yield();
                        return absl::OkStatus();
                      },
                      {.deadline = loop::Clock::now() + milliseconds(200), .on_done = Note()})
                  .ok());
  RunUntilIdle();
  ASSERT_EQ(told_.size(), 1u);
}

TEST_F(ThreadPoolTest, NeverBeginsATaskThatWasCancelledBefore) {
  Make(1, 16);
  Gate gate;
  Occupy(gate);
  auto task =
      pool_->Submit([](Task&) { return absl::UnknownError("it has run"); }, {.on_done = Note()});
  ASSERT_TRUE(task.ok());
  task->Cancel();
  task->Cancel();
  RunUntil([&] { return !told_.empty(); });
  EXPECT_THAT(told_, ElementsAre(absl::CancelledError("threads: the task was cancelled")));
  gate.Open();
  RunUntilIdle();
  EXPECT_EQ(told_.size(), 2u);
}

TEST_F(ThreadPoolTest, TellsWorkThatItIsCancelled) {
  Gate begun;
  auto task = pool_->Submit(
      [&](Task& token) {
        begun.Open();
        while (!token.cancelled()) std::this_thread::yield();
        return absl::AbortedError("stopped half-way");
      },
      {.on_done = Note()});
  ASSERT_TRUE(task.ok());
  begun.Wait();
  task->Cancel();
  RunUntilIdle();
  EXPECT_THAT(told_, ElementsAre(absl::AbortedError("stopped half-way")));
  task->Cancel();  // without effect
  TaskHandle().Cancel();
}

TEST_F(ThreadPoolTest, StartsThreadsWhenTasksNeedThem) {
  Make(3, 16);
  EXPECT_EQ(pool_->load().threads, 0u);
  Gate gate;
  Occupy(gate);
  EXPECT_EQ(pool_->load().threads, 1u);
  Occupy(gate);
  EXPECT_EQ(pool_->load().threads, 2u);
  EXPECT_EQ(pool_->load().running, 2u);
  gate.Open();
  RunUntilIdle();
  EXPECT_EQ(pool_->load().threads, 2u);
  EXPECT_EQ(pool_->load().running, 0u);
}

TEST_F(ThreadPoolTest, TakesTasksFromWorkAndFromCompletions) {
  Make(1, 16);
  ASSERT_TRUE(
      pool_
          ->Submit([this](Task&) { return pool_->Submit(Succeed, {.on_done = Note()}).status(); },
                   {.on_done =
                        [this](const absl::Status& status) {
                          EXPECT_EQ(status, absl::OkStatus());
                          EXPECT_TRUE(pool_->Submit(Succeed, {.on_done = Note()}).ok());
                        }})
          .ok());
  RunUntilIdle();
  EXPECT_EQ(told_.size(), 2u);
}

TEST_F(ThreadPoolTest, DestroysWorkThatRanBeforeItTells) {
  auto alive = std::make_shared<int>(0);
  const std::weak_ptr<int> seen = alive;
  ASSERT_TRUE(pool_
                  ->Submit([alive = std::move(alive)](Task&) { return absl::OkStatus(); },
                           {.on_done = [&](const absl::Status&) { EXPECT_TRUE(seen.expired()); }})
                  .ok());
  RunUntilIdle();
}

TEST_F(ThreadPoolTest, TakesWorkThatCannotBeCopied) {
  std::string result;
  auto text = std::make_unique<std::string>("moved");
  ASSERT_TRUE(pool_
                  ->Submit([&result, text = std::move(text)](Task&) {
                    result = *text;
                    return absl::OkStatus();
                  })
                  .ok());
  RunUntilIdle();
  EXPECT_EQ(result, "moved");
}

TEST_F(ThreadPoolTest, TakesTasksFromManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kEach = 500;
  Make(3, kThreads * kEach);
  std::atomic<int> runs = 0;
  int told = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < kEach; ++k) {
        EXPECT_TRUE(pool_
                        ->Submit(
                            [&](Task&) {
                              ++runs;
                              return absl::OkStatus();
                            },
                            {.deadline = loop::Clock::now() + hours(1),
                             .on_done = [&](const absl::Status&) { ++told; }})
                        .ok());
      }
    });
  }
  RunUntil([&] { return told == kThreads * kEach; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(runs, kThreads * kEach);
  EXPECT_LE(pool_->load().threads, 3u);
}

TEST(ThreadPoolWithoutThreads, RefusesEverything) {
  ThreadPool pool;
  EXPECT_EQ(pool.CheckConfigured(),
            absl::FailedPreconditionError("threads: this worker has none; the configuration needs "
                                          "threads { count: ... }"));
  EXPECT_EQ(pool.Submit(Succeed).status(), pool.CheckConfigured());
  EXPECT_EQ(pool.load().unfinished, 0u);
  pool.CloseForClients();
  EXPECT_TRUE(pool.End(loop::Clock::duration::zero()));
}

}  // namespace
}  // namespace muster::worker
