#include "muster/loop/event_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/clock.h"
#include "muster/loop/handler.h"
#include "muster/loop/timer.h"

namespace muster::loop {
namespace {

using std::chrono::milliseconds;

std::unique_ptr<EventLoop> MakeLoop() {
  auto loop = EventLoop::Create();
  EXPECT_TRUE(loop.ok()) << loop.status();
  return *std::move(loop);
}

// An eventfd that is readable from the start.
ipc::UniqueFd ReadableFd() { return ipc::UniqueFd(::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC)); }

class Calls : public Handler {
 public:
  explicit Calls(std::function<void(std::uint32_t)> callback) : callback_(std::move(callback)) {}
  void OnEvents(std::uint32_t events) override {
    ++count_;
    callback_(events);
  }
  int count() const { return count_; }

 private:
  std::function<void(std::uint32_t)> callback_;
  int count_ = 0;
};

void Nothing(std::uint32_t) {}

TEST(EventLoop, DeliversTheReadinessOfADescriptor) {
  const auto loop = MakeLoop();
  const ipc::UniqueFd fd = ReadableFd();
  std::uint32_t seen = 0;
  Calls handler([&](std::uint32_t events) { seen = events; });
  ASSERT_TRUE(loop->Add(fd.get(), EPOLLIN, &handler).ok());
  ASSERT_TRUE(loop->RunOnce().ok());
  EXPECT_EQ(seen, EPOLLIN);
}

TEST(EventLoop, DeliversAgainWhatIsStillReady) {
  const auto loop = MakeLoop();
  const ipc::UniqueFd fd = ReadableFd();
  Calls handler(Nothing);
  ASSERT_TRUE(loop->Add(fd.get(), EPOLLIN, &handler).ok());
  ASSERT_TRUE(loop->RunOnce().ok());
  ASSERT_TRUE(loop->RunOnce().ok());
  EXPECT_EQ(handler.count(), 2);
}

TEST(EventLoop, WaitsForTheEventsOfTheLastModify) {
  const auto loop = MakeLoop();
  const ipc::UniqueFd fd = ReadableFd();
  std::uint32_t seen = 0;
  Calls handler([&](std::uint32_t events) { seen = events; });
  ASSERT_TRUE(loop->Add(fd.get(), EPOLLIN, &handler).ok());
  ASSERT_TRUE(loop->Modify(fd.get(), EPOLLOUT, &handler).ok());
  ASSERT_TRUE(loop->RunOnce().ok());
  EXPECT_EQ(seen, EPOLLOUT);
}

TEST(EventLoop, NamesTheDescriptorThatItCannotAdd) {
  const auto loop = MakeLoop();
  Calls handler(Nothing);
  const absl::Status status = loop->Add(9999, EPOLLIN, &handler);
  EXPECT_EQ(status.message(), "epoll_ctl 1 of descriptor 9999: Bad file descriptor");
}

// Two descriptors are ready in one round, and whichever comes first removes the other.
TEST(EventLoop, DropsTheEventOfAHandlerThatAnotherRemovedInTheSameRound) {
  const auto loop = MakeLoop();
  const ipc::UniqueFd fds[2] = {ReadableFd(), ReadableFd()};
  std::unique_ptr<Calls> handlers[2];
  int calls = 0;
  const auto remove = [&](int index) {
    ++calls;
    loop->Remove(fds[index].get(), handlers[index].get());
    handlers[index].reset();
  };
  handlers[0] = std::make_unique<Calls>([&](std::uint32_t) { remove(1); });
  handlers[1] = std::make_unique<Calls>([&](std::uint32_t) { remove(0); });
  ASSERT_TRUE(loop->Add(fds[0].get(), EPOLLIN, handlers[0].get()).ok());
  ASSERT_TRUE(loop->Add(fds[1].get(), EPOLLIN, handlers[1].get()).ok());
  ASSERT_TRUE(loop->RunOnce().ok());
  EXPECT_EQ(calls, 1);
}

TEST(EventLoop, LetsAHandlerRemoveAndDeleteItself) {
  const auto loop = MakeLoop();
  const ipc::UniqueFd fd = ReadableFd();
  std::unique_ptr<Calls> handler;
  handler = std::make_unique<Calls>([&](std::uint32_t) {
    loop->Remove(fd.get(), handler.get());
    Calls* const self = handler.release();
    loop->Post([self] { delete self; });
  });
  ASSERT_TRUE(loop->Add(fd.get(), EPOLLIN, handler.get()).ok());
  ASSERT_TRUE(loop->RunOnce().ok());
  ASSERT_TRUE(loop->RunOnce(milliseconds(0)).ok());
  EXPECT_EQ(handler, nullptr);
}

class OrderedGate : public Gate {
 public:
  explicit OrderedGate(std::string& order) : order_(order) {}
  void BeforeWait() override { order_ += 'w'; }
  void AfterWait() override { order_ += 'a'; }
  void OnEvents(std::uint32_t) override { order_ += 'g'; }

 private:
  std::string& order_;
};

TEST(EventLoop, CallsTheGateBeforeTheWaitAndFirstAfterIt) {
  const auto loop = MakeLoop();
  const ipc::UniqueFd fds[2] = {ReadableFd(), ReadableFd()};
  std::string order;
  OrderedGate gate(order);
  Calls handler([&](std::uint32_t) { order += 'h'; });
  ASSERT_TRUE(loop->Add(fds[0].get(), EPOLLIN, &handler).ok());
  ASSERT_TRUE(loop->Add(fds[1].get(), EPOLLIN, &gate).ok());
  loop->SetGate(&gate);
  loop->SetBeforeWait([&] { order += 'b'; });
  ASSERT_TRUE(loop->RunOnce().ok());
  EXPECT_EQ(order, "bwgah");
}

TEST(EventLoop, CallsWhatComesFirstBeforeEachHandlerAndBeforeTheGateAndTimers) {
  const auto loop = MakeLoop();
  const ipc::UniqueFd fds[] = {ReadableFd(), ReadableFd()};
  std::string order;
  OrderedGate gate(order);
  Calls handlers[] = {Calls([&](std::uint32_t) { order += 'h'; }),
                      Calls([&](std::uint32_t) { order += 'h'; })};
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(loop->Add(fds[i].get(), EPOLLIN, &handlers[i]).ok());
  }
  loop->SetGate(&gate);
  loop->SetBeforeEach([&] { order += '.'; });
  ASSERT_TRUE(loop->RunOnce().ok());
  EXPECT_EQ(order, "w.a.h.h.");
}

TEST(EventLoop, DoesNotCallAHandlerThatWhatComesFirstHasRemoved) {
  const auto loop = MakeLoop();
  const ipc::UniqueFd fd = ReadableFd();
  Calls handler(Nothing);
  ASSERT_TRUE(loop->Add(fd.get(), EPOLLIN, &handler).ok());
  bool is_removed = false;
  loop->SetBeforeEach([&] {
    if (!std::exchange(is_removed, true)) loop->Remove(fd.get(), &handler);
  });
  ASSERT_TRUE(loop->RunOnce().ok());
  EXPECT_EQ(handler.count(), 0);
}

TEST(EventLoop, CallsTheGateAfterTheWaitThoughItHasNoEvents) {
  const auto loop = MakeLoop();
  const ipc::UniqueFd fd = ReadableFd();
  std::string order;
  OrderedGate gate(order);
  Calls handler([&](std::uint32_t) { order += 'h'; });
  ASSERT_TRUE(loop->Add(fd.get(), EPOLLIN, &handler).ok());
  loop->SetGate(&gate);
  ASSERT_TRUE(loop->RunOnce().ok());
  EXPECT_EQ(order, "wah");
}

TEST(EventLoop, EndsARoundAtItsLimit) {
  const auto loop = MakeLoop();
  EXPECT_TRUE(loop->RunOnce(milliseconds(1)).ok());
}

TEST(EventLoop, WakesForATimerOnceAndNotBeforeItsDeadline) {
  const auto loop = MakeLoop();
  int fired = 0;
  const TimePoint deadline = Clock::now() + milliseconds(3);
  Timer timer(*loop, [&] { ++fired; });
  timer.Set(deadline);
  while (fired == 0) ASSERT_TRUE(loop->RunOnce().ok());
  EXPECT_GE(Clock::now(), deadline);
  EXPECT_FALSE(timer.is_armed());
  ASSERT_TRUE(loop->RunOnce(milliseconds(1)).ok());
  EXPECT_EQ(fired, 1);
}

TEST(EventLoop, EndsARoundAtItsLimitThoughATimerIsBeyondTheEndOfTime) {
  const auto loop = MakeLoop();
  Timer timer(*loop, [] { FAIL() << "time is not over"; });
  timer.SetAfter(Clock::duration::max());
  EXPECT_TRUE(loop->RunOnce(milliseconds(1)).ok());
}

TEST(EventLoop, RunsHandlersThenTimersThenTasks) {
  const auto loop = MakeLoop();
  const ipc::UniqueFd fd = ReadableFd();
  std::string order;
  loop->Post([&] { order += 'p'; });
  Timer timer(*loop, [&] { order += 't'; });
  timer.SetAfter(milliseconds(0));
  Calls handler([&](std::uint32_t) { order += 'h'; });
  ASSERT_TRUE(loop->Add(fd.get(), EPOLLIN, &handler).ok());
  ASSERT_TRUE(loop->RunOnce().ok());
  EXPECT_EQ(order, "htp");
}

TEST(Post, RunsTasksInOrder) {
  const auto loop = MakeLoop();
  std::string order;
  loop->Post([&] { order += 'a'; });
  loop->Post([&] { order += 'b'; });
  ASSERT_TRUE(loop->RunOnce().ok());
  EXPECT_EQ(order, "ab");
}

TEST(Post, RunsWhatATaskPostsInTheNextRound) {
  const auto loop = MakeLoop();
  std::string order;
  loop->Post([&] {
    order += 'a';
    loop->Post([&] { order += 'b'; });
  });
  ASSERT_TRUE(loop->RunOnce().ok());
  EXPECT_EQ(order, "a");
  ASSERT_TRUE(loop->RunOnce().ok());
  EXPECT_EQ(order, "ab");
}

TEST(Post, RunsEveryTaskOfManyThreadsInTheLoopsThread) {
  constexpr int kThreads = 4;
  constexpr int kTasks = 5000;
  const auto loop = MakeLoop();
  int done = 0;                         // only the loop's thread touches it
  std::vector<int> last(kThreads, -1);  // of each thread, to see the order
  bool is_ordered = true;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int task = 0; task < kTasks; ++task) {
        loop->Post([&, thread, task] {
          is_ordered = is_ordered && last[thread] == task - 1;
          last[thread] = task;
          if (++done == kThreads * kTasks) loop->Stop();
        });
      }
    });
  }
  ASSERT_TRUE(loop->Run().ok());
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done, kThreads * kTasks);
  EXPECT_TRUE(is_ordered);
}

TEST(Stop, EndsARunOfAnotherThread) {
  const auto loop = MakeLoop();
  std::thread thread([&] { loop->Stop(); });
  EXPECT_TRUE(loop->Run().ok());
  thread.join();
}

TEST(Stop, LetsTheRoundBeFinished) {
  const auto loop = MakeLoop();
  bool is_finished = false;
  loop->Post([&] { loop->Stop(); });
  loop->Post([&] { is_finished = true; });
  ASSERT_TRUE(loop->Run().ok());
  EXPECT_TRUE(is_finished);
}

TEST(EventLoop, HasTheTimeOfTheClockThatItIsGiven) {
  TimePoint time(std::chrono::hours(1));
  const auto loop = *EventLoop::Create([&] { return time; });
  EXPECT_EQ(loop->now(), time);
  bool is_called = false;
  Timer timer(*loop, [&] { is_called = true; });
  timer.SetAfter(std::chrono::seconds(5));
  EXPECT_EQ(loop->UntilNext(), Clock::duration(std::chrono::seconds(5)));
  time += std::chrono::seconds(4);
  ASSERT_TRUE(loop->RunOnce(Clock::duration::zero()).ok());
  EXPECT_FALSE(is_called);
  time += std::chrono::seconds(1);
  ASSERT_TRUE(loop->RunOnce(Clock::duration::zero()).ok());
  EXPECT_TRUE(is_called);
  EXPECT_EQ(loop->now(), time);
}

}  // namespace
}  // namespace muster::loop
