#include "muster/master/aside/side_thread.h"

#include <pthread.h>
#include <signal.h>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "muster/host/wait_note.h"

namespace muster::master {
namespace {

// What `ask` returns in the thread.
template <typename T>
T AnswerIn(SideThread& thread, T (*ask)()) {
  std::promise<T> answer;
  thread.Post([&] { answer.set_value(ask()); });
  return answer.get_future().get();
}

// A task that hangs until this ends. What it needs outlives both.
class HangingTask {
 public:
  explicit HangingTask(SideThread& thread) {
    std::promise<void> begun;
    std::future<void> has_begun = begun.get_future();
    thread.Post([end = end_.get_future(), begun = std::move(begun)]() mutable {
      const host::WaitNote note("reading", "/nowhere");
      begun.set_value();
      end.wait();
    });
    has_begun.wait();
  }
  ~HangingTask() { End(); }
  void End() {
    if (!std::exchange(has_ended_, true)) end_.set_value();
  }

 private:
  std::promise<void> end_;
  bool has_ended_ = false;
};

TEST(SideThread, PerformsTasksInTheirOrder) {
  const auto thread = *SideThread::Start();
  auto order = std::make_shared<std::string>();
  for (const char* name : {"a", "b", "c"}) thread->Post([=] { *order += name; });
  EXPECT_EQ(AnswerIn<int>(*thread, [] { return 7; }), 7);
  EXPECT_EQ(*order, "abc");
}

TEST(SideThread, IsAnotherThanTheCallers) {
  const auto thread = *SideThread::Start();
  EXPECT_FALSE(::pthread_equal(AnswerIn<pthread_t>(*thread, [] { return ::pthread_self(); }),
                               ::pthread_self()));
}

TEST(SideThread, GetsNoSignals) {
  const auto thread = *SideThread::Start();
  EXPECT_TRUE(AnswerIn<bool>(*thread, [] {
    sigset_t mask;
    ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    return ::sigismember(&mask, SIGTERM) == 1 && ::sigismember(&mask, SIGCHLD) == 1;
  }));
}

TEST(SideThread, TellsWhatItHangsIn) {
  const auto thread = *SideThread::Start();
  EXPECT_FALSE(thread->busy().has_value());
  HangingTask hanging(*thread);
  const std::optional<SideThread::Busy> busy = thread->busy();
  ASSERT_TRUE(busy.has_value());
  EXPECT_EQ(busy->what, "reading /nowhere");
}

TEST(SideThread, GoesOnWhenATaskThatHungHasEnded) {
  const auto thread = *SideThread::Start();
  HangingTask hanging(*thread);
  hanging.End();
  EXPECT_EQ(AnswerIn<int>(*thread, [] { return 7; }), 7);
}

TEST(SideThread, IsLeftBehindWhenItHangs) {
  auto thread = *SideThread::Start();
  HangingTask hanging(*thread);
  auto kept = std::make_shared<int>(7);
  thread->Post([kept] { FAIL() << "was dropped"; });
  thread.reset();  // comes back
  EXPECT_EQ(kept.use_count(), 2) << "is the thread's to drop";
}

TEST(SideThread, DestroysATaskInTheThread) {
  const auto thread = *SideThread::Start();
  std::promise<pthread_t> where;
  const auto tell = [&](int* kept) {
    delete kept;
    where.set_value(::pthread_self());
  };
  thread->Post([kept = std::unique_ptr<int, decltype(tell)>(new int, tell)] {});
  EXPECT_FALSE(::pthread_equal(where.get_future().get(), ::pthread_self()));
}

}  // namespace
}  // namespace muster::master
