#include "muster/worker/runtime/stack_report.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/lock/counter.h"
#include "muster/worker/protocol/stack_signal.h"

namespace muster::worker {

// Outside of the unnamed namespace, and not static: their names are looked for in the stack.
std::atomic<int> turns{0};
[[gnu::noinline]] void SpinForStackReport() {
  for (;;) ++turns;
}
[[gnu::noinline]] void SleepForStackReport() {
  for (;; ++turns) ::pause();
}

namespace {

using ::testing::HasSubstr;

// A child that is ready to tell its stack to this process, and does that work then.
class Child {
 public:
  Child(const std::function<void()>& work, pid_t master) {
    int log[2];
    EXPECT_EQ(::pipe(log), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::dup2(log[1], STDERR_FILENO);
      ipc::Gauge answers;
      const StackReport report(answers, master, "worker 3 of generation 7");
      (void)!::write(STDERR_FILENO, "begun\n", 6);
      work();
      ::_exit(0);
    }
    ::close(log[1]);
    log_ = log[0];
    AwaitText("begun\n");
  }
  ~Child() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    ::close(log_);
  }

  void Ask() const { ::kill(pid_, kStackSignal); }
  // Asks again and again, since it may not do its work yet, until its log has that.
  std::string AskUntil(const std::string& text) {
    do {
      Ask();
      AwaitText("begun\nworker 3 of generation 7 does not run its loop; its stack:\n    0x");
      char bytes[4096];
      while (HasSaidMore()) {
        const ssize_t size = ::read(log_, bytes, sizeof(bytes));
        if (size <= 0) return read_;
        read_.append(bytes, static_cast<std::size_t>(size));
      }
    } while (!absl::StrContains(read_, text) && IsAlive());
    return read_;
  }
  // Reads its log until it has that.
  std::string AwaitText(const std::string& text) {
    while (!absl::StrContains(read_, text)) {
      char bytes[4096];
      const ssize_t size = ::read(log_, bytes, sizeof(bytes));
      if (size <= 0) break;
      read_.append(bytes, static_cast<std::size_t>(size));
    }
    return read_;
  }
  // Whether it still runs.
  bool IsAlive() const { return ::waitpid(pid_, nullptr, WNOHANG) == 0; }
  bool HasSaidMore() const {
    pollfd more = {.fd = log_, .events = POLLIN, .revents = 0};
    return ::poll(&more, 1, 0) == 1;
  }

 private:
  pid_t pid_ = 0;
  int log_ = -1;
  std::string read_;
};

TEST(StackReport, NamesWhatALoopIsIn) {
  Child child([] { SpinForStackReport(); }, ::getpid());
  EXPECT_THAT(child.AskUntil("SpinForStackReport"), HasSubstr("SpinForStackReport"));
  EXPECT_TRUE(child.IsAlive());
}

TEST(StackReport, NamesWhatASleepIsIn) {
  Child child([] { SleepForStackReport(); }, ::getpid());
  EXPECT_THAT(child.AskUntil("SleepForStackReport"), HasSubstr("SleepForStackReport"));
}

class StackReportInProcess : public ::testing::Test {
 protected:
  StackReportInProcess() {
    EXPECT_EQ(::pipe(log_), 0);
    ::dup2(log_[1], STDERR_FILENO);
  }
  ~StackReportInProcess() override {
    ::dup2(before_, STDERR_FILENO);
    for (const int fd : {log_[0], log_[1], before_}) ::close(fd);
  }
  std::string Read() const {
    char bytes[8192];
    const ssize_t size = ::read(log_[0], bytes, sizeof(bytes));
    return std::string(bytes, size < 0 ? 0 : static_cast<std::size_t>(size));
  }

  ipc::Gauge answers_;
  const int before_ = ::dup(STDERR_FILENO);
  int log_[2] = {-1, -1};
};

TEST_F(StackReportInProcess, CountsWhatItHasWritten) {
  {
    const StackReport report(answers_, ::getpid(), "worker 0 of generation 1");
    EXPECT_EQ(answers_.value(), 1);
    ::kill(::getpid(), kStackSignal);  // it comes before this returns
    EXPECT_EQ(answers_.value(), 2);
  }
  EXPECT_EQ(answers_.value(), 0);
  EXPECT_THAT(Read(), HasSubstr("main"));
}

TEST_F(StackReportInProcess, IsWrittenForTheMasterOnly) {
  const StackReport report(answers_, ::getppid(), "worker 0 of generation 1");
  ::kill(::getpid(), kStackSignal);  // it comes before this returns
  EXPECT_EQ(answers_.value(), 1);
}

TEST_F(StackReportInProcess, IsOfTheMainThreadWhicheverGetsTheSignal) {
  const StackReport report(answers_, ::getpid(), "worker 0 of generation 1");
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, kStackSignal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([&signals] {
    ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
    ::kill(::getpid(), kStackSignal);  // only this thread can get it
  }).join();
  EXPECT_EQ(answers_.value(), 1);
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  EXPECT_EQ(answers_.value(), 2);
  EXPECT_THAT(Read(), HasSubstr("main"));
}

}  // namespace
}  // namespace muster::worker
