// Sessions that wait for something: for a thread, or for the end of work that goes on beside them.

#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/worker/stream/stream_fixture.h"

namespace muster::worker {
namespace {

using ::testing::ElementsAre;
using StreamPauseTest = StreamTest;

TEST_F(StreamPauseTest, OffersWhatCameMeanwhileOnceItGoesOn) {
  std::jthread thread;
  protocol_->on_line = [&](Lines::Line& line, absl::string_view text) {
    if (text != "slow") {
      line.stream.Write("fast\n");
      return true;
    }
    line.stream.Pause();
    thread = std::jthread([handle = line.stream.handle()] {
      handle.Post([](Stream& stream) {
        stream.Write("slow\n");
        stream.Resume();
      });
    });
    return true;
  };
  const ipc::UniqueFd client = Connect();
  Send(client, "slow\nfast\n");
  EXPECT_EQ(ReceiveUntil(client, "fast\n"), "slow\nfast\n");
}

TEST_F(StreamPauseTest, ReadsNothingMeanwhile) {
  const ipc::UniqueFd client = Connect();
  protocol_->last->Pause();
  Send(client, "a\n");
  Send(client, "b\n");
  EXPECT_EQ(Receive(client), "");
  EXPECT_EQ(protocol_->last->unread(), "");
  protocol_->last->Resume();
  RunWhatIsReady();
  EXPECT_EQ(Receive(client), "1\n2\n");
  Send(client, "c\n");
  EXPECT_EQ(Receive(client), "3\n");
}

TEST_F(StreamPauseTest, OffersTheInputOfAClientThatHasLeftMeanwhile) {
  int lines = 0;
  protocol_->on_line = [&](Lines::Line&, absl::string_view) {
    ++lines;
    return true;
  };
  ipc::UniqueFd client = Connect();
  protocol_->last->Pause();
  Send(client, "set\n");
  client.reset();
  RunWhatIsReady();
  EXPECT_EQ(protocol_->ended, 0);
  // The end is not told again and again.
  const auto before = loop::Clock::now();
  ASSERT_TRUE(loop_->RunOnce(std::chrono::milliseconds(100)).ok());
  EXPECT_GE(loop::Clock::now() - before, std::chrono::milliseconds(99));
  protocol_->last->Resume();
  RunWhatIsReady();
  EXPECT_EQ(lines, 1);
  EXPECT_EQ(protocol_->ended, 1);
}

TEST_F(StreamPauseTest, StaysInItsWorkerUntilItGoesOn) {
  const ipc::UniqueFd client = Connect();
  protocol_->last->Pause();
  Send(client, "a\n");
  service().Drain(Service::Idle::kHandOff);
  RunWhatIsReady();
  EXPECT_EQ(protocol_->drained, 1);
  EXPECT_EQ(handed_off_.size(), 0u);
  protocol_->last->Write("done\n");
  protocol_->last->Resume();
  RunWhatIsReady();
  ASSERT_EQ(handed_off_.size(), 1u);
  PassOn();
  EXPECT_EQ(Receive(client), "done\n1\n");
}

TEST_F(StreamPauseTest, OfASessionThatIsResumedHolds) {
  next_protocol_->on_resume = [](Stream& stream) { stream.Pause(); };
  const ipc::UniqueFd client = Connect();
  Send(client, "half");
  service().Drain(Service::Idle::kHandOff);
  ASSERT_EQ(handed_off_.size(), 1u);
  PassOn();
  Send(client, " a line\n");
  EXPECT_EQ(Receive(client), "");
  successor().Drain(Service::Idle::kHandOff);
  EXPECT_EQ(handed_off_.size(), 0u) << "it waits for something of this worker";
  next_protocol_->last->Write("done\n");
  next_protocol_->last->Resume();
  RunWhatIsReady();
  EXPECT_EQ(handed_off_.size(), 1u);
  EXPECT_EQ(Receive(client), "done\n");
}

// In the worker in which it was suspended, since nobody takes its state.
TEST_F(StreamPauseTest, OfASessionThatGoesOnHolds) {
  most_state_bytes_ = kMostHandoffStateBytes;
  protocol_->more_state = std::string(100'000, ' ');
  protocol_->on_resume = [](Stream& stream) { stream.Pause(); };
  const ipc::UniqueFd client = Connect();
  service().Drain(Service::Idle::kHandOff);
  Send(client, "a\n");
  EXPECT_EQ(protocol_->resumed, 1);
  EXPECT_EQ(Receive(client), "");
  EXPECT_TRUE(protocol_->last->is_paused());
  protocol_->last->Resume();
  RunWhatIsReady();
  EXPECT_EQ(Receive(client), "1\n");
}

TEST_F(StreamPauseTest, OfASessionThatIsSuspendedEndsWithIt) {
  protocol_->on_suspend = [](Lines::Line& line) { line.stream.Pause(); };
  const ipc::UniqueFd client = Connect();
  service().Drain(Service::Idle::kHandOff);
  ASSERT_EQ(handed_off_.size(), 1u);
  EXPECT_EQ(protocol_->resumed, 0) << "it did not go on here";
  PassOn();
  Send(client, "a\n");
  EXPECT_EQ(Receive(client), "1\n");
}

TEST_F(StreamPauseTest, StaysInItsWorkerWhileThereIsAHold) {
  const ipc::UniqueFd client = Connect();
  Stream::Hold hold = protocol_->last->TakeHold();
  Stream::Hold copy = hold;
  service().Drain(Service::Idle::kHandOff);
  Send(client, "a\n");
  EXPECT_EQ(Receive(client), "1\n") << "it goes on consuming";
  hold.Release();
  RunWhatIsReady();
  EXPECT_EQ(handed_off_.size(), 0u);
  std::jthread([copy = std::move(copy)]() mutable { copy.Release(); }).join();
  RunWhatIsReady();
  EXPECT_EQ(handed_off_.size(), 1u);
}

TEST_F(StreamPauseTest, IsHandedOffInTheTurnInWhichItsHoldIsReleased) {
  const ipc::UniqueFd client = Connect();
  Stream::Hold hold = protocol_->last->TakeHold();
  protocol_->on_line = [&](Lines::Line& line, absl::string_view) {
    line.stream.Write("done\n");
    hold.Release();
    return true;
  };
  service().Drain(Service::Idle::kHandOff);
  EXPECT_EQ(handed_off_.size(), 0u);
  const std::string text = "a\n";
  ASSERT_EQ(::send(client.get(), text.data(), text.size(), 0), 2);
  ASSERT_TRUE(loop_->RunOnce(std::chrono::milliseconds(0)).ok());
  EXPECT_EQ(handed_off_.size(), 1u);
  EXPECT_EQ(Receive(client), "done\n");
}

TEST_F(StreamPauseTest, RunsNoTaskForAStreamThatHasMovedMeanwhile) {
  const ipc::UniqueFd client = Connect();
  int runs = 0;
  const StreamHandle handle = protocol_->last->handle();
  handle.Post([&](Stream&) { ++runs; });
  service().Drain(Service::Idle::kHandOff);
  ASSERT_EQ(handed_off_.size(), 1u);
  handle.Post([&](Stream&) { ++runs; });
  RunWhatIsReady();
  EXPECT_EQ(runs, 0);
}

TEST_F(StreamPauseTest, IsClosedByAQuitOnceItsHoldIsGone) {
  const ipc::UniqueFd client = Connect();
  Stream::Hold hold = protocol_->last->TakeHold();
  service().Drain(Service::Idle::kClose);
  RunWhatIsReady();
  EXPECT_EQ(Receive(client), "");
  protocol_->last->Write("done\n");
  hold.Release();
  RunWhatIsReady();
  EXPECT_EQ(Receive(client), "done\nbye\n<end>");
}

TEST_F(StreamPauseTest, LetsGoOfAStreamInOnDrain) {
  Stream::Hold hold;
  protocol_->on_drain = [&](Lines::Line&) { hold.Release(); };
  const ipc::UniqueFd client = Connect();
  hold = protocol_->last->TakeHold();
  service().Drain(Service::Idle::kHandOff);
  RunWhatIsReady();
  EXPECT_EQ(handed_off_.size(), 1u);
}

TEST_F(StreamPauseTest, KnowsByItsHandleThatAStreamIsGone) {
  ipc::UniqueFd client = Connect();
  const StreamHandle handle = protocol_->last->handle();
  Stream::Hold hold = protocol_->last->TakeHold();
  EXPECT_FALSE(handle.is_gone());
  int runs = 0;
  handle.Post([&](Stream&) { ++runs; });
  RunWhatIsReady();
  EXPECT_EQ(runs, 1);
  client.reset();
  RunWhatIsReady();
  EXPECT_TRUE(handle.is_gone());
  handle.Post([&](Stream&) { ++runs; });
  RunWhatIsReady();
  EXPECT_EQ(runs, 1);
  hold.Release();  // has no effect any more
}

TEST_F(StreamPauseTest, KnowsByItsHandleThatAStreamHasMoved) {
  const ipc::UniqueFd client = Connect();
  const StreamHandle handle = protocol_->last->handle();
  service().Drain(Service::Idle::kHandOff);
  ASSERT_EQ(handed_off_.size(), 1u);
  EXPECT_TRUE(handle.is_gone());
}

TEST_F(StreamPauseTest, ClosesAClientForWhichATaskThrows) {
  const ipc::UniqueFd client = Connect();
  protocol_->last->handle().Post([](Stream&) { throw std::runtime_error("no disk"); });
  RunWhatIsReady();
  EXPECT_EQ(Receive(client), "<end>");
  EXPECT_THAT(log_, ElementsAre("a client is closed for an exception: a task of its handle: no "
                                "disk"));
}

// Under thread and address sanitizers, above all.
TEST_F(StreamPauseTest, IsUsedByThreadsWhileClientsComeAndGo) {
  std::atomic<bool> is_over{false};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 40; ++i) {
    ipc::UniqueFd client = Connect();
    threads.emplace_back([&is_over, handle = protocol_->last->handle(),
                          hold = protocol_->last->TakeHold()]() mutable {
      while (!is_over && !handle.is_gone()) {
        handle.Post([](Stream& stream) { stream.Write("x"); });
        std::this_thread::yield();
      }
      hold.Release();
    });
    RunWhatIsReady();
    if (i % 2 == 0) client.reset();
    RunWhatIsReady();
  }
  is_over = true;
  threads.clear();
  EXPECT_TRUE(RunUntilClosed());
}

}  // namespace
}  // namespace muster::worker
