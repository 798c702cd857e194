#include "muster/master/process/supervised_worker.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <chrono>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/loop/run_until.h"

namespace muster::master {
namespace {

using loop::RunUntil;

using ::testing::ElementsAre;
using worker::Command;

class WorkerProcessTest : public testing::Test {
 protected:
  void Start(const char* manner) {
    ::setenv("FAKE_WORKER", manner, 1);
    loop_ = *loop::EventLoop::Create();
    const auto program = WorkerProgram::Open("master/process/fake_worker");
    ASSERT_TRUE(program.ok()) << program.status();
    auto spawned = SpawnWorker(*program);
    ASSERT_TRUE(spawned.ok()) << spawned.status();
    auto process = SupervisedWorker::Start(*loop_, log_, *std::move(spawned), 7,
                                           "worker 1 of generation 3", [this](Event event) {
                                             events_.push_back(std::move(event));
                                             times_.push_back(loop_->now());
                                           });
    ASSERT_TRUE(process.ok()) << process.status();
    process_ = *std::move(process);
  }
  void TearDown() override {
    if (process_ == nullptr) return;
    if (!Exit()) {
      process_->Signal(SIGKILL);
      RunUntil(*loop_, [&] { return Exit() != nullptr; });
    }
    process_->Reap();
    process_.reset();
  }
  const ExitedEvent* Exit() const {
    return events_.empty() ? nullptr : std::get_if<ExitedEvent>(&events_.back());
  }
  // Until the worker is stopped, or dead: the loop has not run since then.
  void Await(int what) {
    siginfo_t info;
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(process_->pid()), &info, what | WNOWAIT), 0);
  }
  std::vector<std::uint32_t> Acknowledged() const {
    std::vector<std::uint32_t> tokens;
    for (const Event& event : events_) {
      if (const auto* acked = std::get_if<AckedEvent>(&event)) tokens.push_back(acked->token);
    }
    return tokens;
  }

  Log log_;
  std::unique_ptr<loop::EventLoop> loop_;
  std::vector<Event> events_;
  std::vector<loop::TimePoint> times_;  // of the events
  std::unique_ptr<SupervisedWorker> process_;
};

TEST_F(WorkerProcessTest, TellsThatTheWorkerIsReady) {
  Start("");
  process_->Send(Command::kHello, 0, "", {});
  ASSERT_TRUE(RunUntil(*loop_, [&] { return !events_.empty(); }));
  EXPECT_EQ(std::get<ReadyEvent>(events_[0]).slot, 7u);
}

TEST_F(WorkerProcessTest, TellsWhichVersionOfTheProtocolTheWorkerSpeaks) {
  for (const std::string manner : {"", "old"}) {
    Start(manner.c_str());
    process_->Send(Command::kHello, 0, "", {});
    ASSERT_TRUE(RunUntil(*loop_, [&] { return !events_.empty(); }));
    EXPECT_EQ(std::get<ReadyEvent>(events_[0]).protocol,
              manner == "old" ? 1u : worker::kProtocolVersion);
    TearDown();
    events_.clear();
  }
}

TEST_F(WorkerProcessTest, NoticesAnEndOfWhichTheLoopHasNotTold) {
  Start("");
  EXPECT_FALSE(process_->CheckExit());
  process_->Signal(SIGKILL);
  siginfo_t info = {};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(process_->pid()), &info, WEXITED | WNOWAIT), 0);
  EXPECT_TRUE(process_->CheckExit());
  ASSERT_NE(Exit(), nullptr);
  EXPECT_EQ(Exit()->exit.code, SIGKILL);
}

TEST_F(WorkerProcessTest, TellsWhichCommandWasCarriedOut) {
  Start("");
  process_->Send(Command::kReopen, 42, "", {});
  ASSERT_TRUE(RunUntil(*loop_, [&] { return !events_.empty(); }));
  EXPECT_THAT(Acknowledged(), ElementsAre(42));
}

TEST_F(WorkerProcessTest, TellsTheLastWordsBeforeTheEnd) {
  Start("fails");
  process_->Send(Command::kHello, 0, "", {});
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Exit() != nullptr; }));
  ASSERT_EQ(events_.size(), 2u);
  EXPECT_EQ(std::get<FailedEvent>(events_[0]).reason.message(), "it cannot work today");
  EXPECT_EQ(Exit()->exit.code, 1);
  EXPECT_FALSE(Exit()->exit.was_killed);
}

TEST_F(WorkerProcessTest, TellsWhichSignalKilledTheWorker) {
  Start("");
  process_->Signal(SIGKILL);
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Exit() != nullptr; }));
  EXPECT_TRUE(Exit()->exit.was_killed);
  EXPECT_EQ(Exit()->exit.code, SIGKILL);
  EXPECT_EQ(Exit()->exit.pid, process_->pid());
}

TEST_F(WorkerProcessTest, KeepsTheZombieUntilItIsReaped) {
  Start("");
  process_->Signal(SIGKILL);
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Exit() != nullptr; }));
  EXPECT_EQ(::kill(process_->pid(), 0), 0);
  process_->Reap();
  EXPECT_EQ(::kill(process_->pid(), 0), -1);
}

TEST_F(WorkerProcessTest, KeepsWhatAFullChannelDoesNotTake) {
  Start("late");
  ASSERT_TRUE(RunUntil(*loop_, [&] { return !events_.empty(); }));
  const std::string large(60'000, 'x');
  std::vector<std::uint32_t> sent;
  for (std::uint32_t token = 1; token <= 30; ++token) {
    process_->Send(Command::kReopen, token, large, {});
    sent.push_back(token);
  }
  process_->Signal(SIGUSR2);
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Acknowledged().size() == sent.size(); }));
  EXPECT_EQ(Acknowledged(), sent);
}

TEST_F(WorkerProcessTest, FallsBackToTheSignalWhenTheChannelIsNotRead) {
  Start("late");
  ASSERT_TRUE(RunUntil(*loop_, [&] { return !events_.empty(); }));
  const std::string large(60'000, 'x');
  for (std::uint32_t token = 1; token <= 10; ++token) {
    process_->Send(Command::kReopen, token, large, {});
  }
  process_->Send(Command::kTerminate, 0, "", {});
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Exit() != nullptr; }));
  EXPECT_EQ(Exit()->exit.code, SIGTERM);
}

// Not only those that were sent in the first second.
TEST_F(WorkerProcessTest, SendsSignalsForEachCommandOnceTheChannelWasFullForLong) {
  Start("hears");
  const std::string large(60'000, 'x');
  for (std::uint32_t token = 1; token <= 10; ++token) {
    process_->Send(Command::kReopen, token, large, {});
  }
  ASSERT_TRUE(RunUntil(*loop_, [&] { return !events_.empty(); })) << "those in the queue";
  events_.clear();
  process_->Send(Command::kReopen, 11, "", {});
  ASSERT_TRUE(RunUntil(*loop_, [&] { return !events_.empty(); }));
  process_->Send(Command::kTerminate, 0, "", {});
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Exit() != nullptr; }));
  EXPECT_EQ(Exit()->exit.code, SIGTERM);
}

TEST_F(WorkerProcessTest, MakesTheWorkersTextFitForALogAndAMessage) {
  Start("garbled");
  process_->Send(Command::kHello, 0, "", {});
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Exit() != nullptr; }));
  EXPECT_EQ(std::get<FailedEvent>(events_[0]).reason.message(),
            "caf\\xe9\\x0a2026-11-26 error   all is lost\\x1b[31m");
}

// What only a kernel before Linux 6.16 does: lets a worker send descriptors to the master.
void AllowDescriptors() {
  const int on = 1;
  for (int fd = 3; fd < 100; ++fd) {
    (void)::setsockopt(fd, SOL_SOCKET, /*SO_PASSRIGHTS*/ 83, &on, sizeof(on));
  }
}

TEST_F(WorkerProcessTest, IsNotHeldUpByASocketThatLingers) {
  Start("gives");
  AllowDescriptors();
  process_->Send(Command::kHello, 0, "", {});
  Await(WSTOPPED);
  ASSERT_TRUE(RunUntil(*loop_, [&] { return !events_.empty(); }));
  process_->Signal(SIGCONT);
  EXPECT_EQ(std::get<FailedEvent>(events_[0]).reason.message(),
            "sent a descriptor, which no worker may; its channel is closed");
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Exit() != nullptr; }));
  EXPECT_EQ(events_.size(), 2u);
  EXPECT_EQ(Exit()->exit.code, 0) << "as after the death of its master";
}

TEST_F(WorkerProcessTest, IsNotHeldUpByASocketThatTheDeadSent) {
  Start("gives and dies");
  AllowDescriptors();
  process_->Send(Command::kHello, 0, "", {});
  Await(WEXITED);
  ASSERT_TRUE(RunUntil(*loop_, [&] { return Exit() != nullptr; }));
  EXPECT_EQ(Exit()->exit.code, SIGKILL);
}

TEST_F(WorkerProcessTest, RefusesDescriptorsWhereTheKernelCan) {
  Start("gives");
  process_->Send(Command::kHello, 0, "", {});
  Await(WSTOPPED);
  process_->Signal(SIGCONT);
  ASSERT_TRUE(RunUntil(*loop_, [&] { return !events_.empty(); }));
  if (std::holds_alternative<FailedEvent>(events_[0])) GTEST_SKIP() << "this one cannot";
  EXPECT_TRUE(std::holds_alternative<ReadyEvent>(events_[0]));
}

TEST_F(WorkerProcessTest, ReadsABoundedNumberOfMessagesInASecond) {
  constexpr std::size_t kMost = SupervisedWorker::kMessagesPerSecond;
  Start("floods");
  process_->Send(Command::kHello, 0, "", {});
  ASSERT_TRUE(RunUntil(*loop_, [&] { return times_.size() > 3 * kMost; }));
  // Two seconds meet between a message and the one after so many.
  for (std::size_t i = 0; i + 2 * kMost < times_.size(); ++i) {
    ASSERT_GE(times_[i + 2 * kMost] - times_[i], std::chrono::seconds(1)) << i;
  }
}

TEST_F(WorkerProcessTest, FallsBackToTheSignalWhenTheChannelIsGone) {
  Start("closes");
  // However often: the first one may come before the channel is closed.
  ASSERT_TRUE(RunUntil(*loop_, [&] {
    process_->Send(Command::kTerminate, 0, "", {});
    return Exit() != nullptr;
  }));
  EXPECT_EQ(Exit()->exit.code, SIGTERM);
}

}  // namespace
}  // namespace muster::master
