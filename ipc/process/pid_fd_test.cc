#include "muster/ipc/process/pid_fd.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include <csignal>
#include <new>
#include <optional>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/ipc/testing/test_zone.h"

namespace muster::ipc {
namespace {

PidFd OpenAndRelease(ForkedChild* child) { return *PidFd::Open(child->Release()); }

// Blocks until the process is dead.
void AwaitReadable(int fd) {
  pollfd request = {fd, POLLIN, 0};
  ASSERT_EQ(::poll(&request, 1, -1), 1);
}

bool IsReadable(int fd) {
  pollfd request = {fd, POLLIN, 0};
  return ::poll(&request, 1, 0) == 1;
}

TEST(PidFd, ReportsAnExitCode) {
  ForkedChild child([] { return 7; });
  const PidFd process = OpenAndRelease(&child);
  const auto exit = process.Wait(PidFd::Reap::kYes);
  ASSERT_TRUE(exit.ok()) << exit.status();
  EXPECT_EQ(exit->pid, child.pid());
  EXPECT_FALSE(exit->was_killed);
  EXPECT_EQ(exit->code, 7);
  EXPECT_EQ(exit->ToString(), "exited with code 7");
}

TEST(PidFd, ReportsTheSignalThatKilled) {
  ForkedChild child([] { return ::pause(); });
  const PidFd process = OpenAndRelease(&child);
  ASSERT_TRUE(process.Send(SIGKILL).ok());
  const auto exit = process.Wait(PidFd::Reap::kYes);
  EXPECT_TRUE(exit->was_killed);
  EXPECT_EQ(exit->code, SIGKILL);
  EXPECT_FALSE(exit->dumped_core);
  EXPECT_EQ(exit->ToString(), "killed by SIGKILL");
}

TEST(PidFd, HasNothingToReportOfARunningProcess) {
  ForkedChild child([] { return ::pause(); });
  const auto process = PidFd::Open(child.pid());
  EXPECT_EQ(*process->TryWait(PidFd::Reap::kYes), std::nullopt);
  EXPECT_FALSE(IsReadable(process->fd()));
}

TEST(PidFd, EndsItsWaitAtTheDeadlineAndNotBefore) {
  ForkedChild child([] { return ::pause(); });
  const auto process = PidFd::Open(child.pid());
  const Deadline deadline = Deadline::After(absl::Milliseconds(5));
  EXPECT_EQ(process->Wait(PidFd::Reap::kYes, deadline).status(),
            absl::DeadlineExceededError(absl::StrCat("waitid ", child.pid(), ": it still runs")));
  EXPECT_TRUE(deadline.has_passed());
}

TEST(PidFd, WaitsForADeathBeforeItsDeadline) {
  ForkedChild child([] { return ::pause(); });
  const PidFd process = OpenAndRelease(&child);
  std::thread killer([&] { EXPECT_TRUE(process.Send(SIGKILL).ok()); });
  const auto exit = process.Wait(PidFd::Reap::kYes, Deadline::After(absl::Hours(1)));
  EXPECT_TRUE(exit.ok() && exit->was_killed) << exit.status();
  killer.join();
}

TEST(PidFd, TriesOnceAfterItsDeadline) {
  ForkedChild child([] { return 7; });
  const PidFd process = OpenAndRelease(&child);
  AwaitReadable(process.fd());
  EXPECT_EQ(process.Wait(PidFd::Reap::kYes, Deadline::After(-absl::Seconds(1)))->code, 7);
}

// A tracer waits for it first, so it is dead and not to be waited for.
TEST(PidFd, EndsItsWaitForAProcessThatADebuggerHoldsDead) {
  Gate* const is_seized =
      new (::mmap(nullptr, sizeof(Gate), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
          Gate();
  ForkedChild child([] { return ::pause(); });
  ForkedChild debugger([&] {
    if (::ptrace(PTRACE_SEIZE, child.pid(), nullptr, nullptr) != 0) return 1;
    is_seized->Open();
    return ::pause();
  });
  is_seized->Await();
  const auto process = PidFd::Open(child.pid());
  ASSERT_TRUE(process->Send(SIGKILL).ok());
  AwaitReadable(process->fd());
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      process->Wait(PidFd::Reap::kNo, Deadline::After(absl::Milliseconds(5))).status()));
  debugger.Kill();
  EXPECT_TRUE(process->Wait(PidFd::Reap::kNo, Deadline::After(absl::Hours(1)))->was_killed);
}

TEST(PidFd, IsReadableOnceTheProcessIsDead) {
  ForkedChild child([] { return 0; });
  const auto process = PidFd::Open(child.pid());
  AwaitReadable(process->fd());
  EXPECT_TRUE(process->TryWait(PidFd::Reap::kNo)->has_value());
}

TEST(PidFd, KeepsThePidUntilItIsReaped) {
  ForkedChild child([] { return 3; });
  const PidFd process = OpenAndRelease(&child);
  EXPECT_EQ(process.Wait(PidFd::Reap::kNo)->code, 3);
  EXPECT_EQ(::kill(process.pid(), 0), 0);  // the zombie is still there
  EXPECT_EQ(process.Wait(PidFd::Reap::kYes)->code, 3);
  EXPECT_EQ(::kill(process.pid(), 0), -1);
}

TEST(PidFd, WaitsForAProcessOnce) {
  ForkedChild child([] { return 0; });
  const PidFd process = OpenAndRelease(&child);
  ASSERT_TRUE(process.Wait(PidFd::Reap::kYes).ok());
  EXPECT_EQ(process.TryWait(PidFd::Reap::kYes).status(),
            absl::FailedPreconditionError(absl::StrCat(
                "waitid ", process.pid(), ": not a child of this process, or reaped already")));
}

TEST(PidFd, SignalsNobodyOnceItsProcessWasReaped) {
  ForkedChild child([] { return 0; });
  const PidFd process = OpenAndRelease(&child);
  ASSERT_TRUE(process.Wait(PidFd::Reap::kYes).ok());
  EXPECT_EQ(process.Send(SIGTERM),
            absl::NotFoundError(
                absl::StrCat("pidfd_send_signal SIGTERM to ", process.pid(), ": No such process")));
}

TEST(PidFd, CannotBeWaitedForByAProcessThatIsNotTheParent) {
  const auto process = PidFd::Open(::getppid());
  ASSERT_TRUE(process.ok()) << process.status();
  EXPECT_EQ(process->TryWait(PidFd::Reap::kNo).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(PidFd, IsNotOpenedForAProcessThatIsNotThere) {
  ForkedChild child([] { return 0; });
  child.Join();
  EXPECT_EQ(PidFd::Open(child.pid()).status(),
            absl::NotFoundError(absl::StrCat("pidfd_open ", child.pid(), ": No such process")));
}

TEST(ProcessExit, SaysThatACoreWasDumped) {
  const ProcessExit exit = {.pid = 5, .was_killed = true, .code = SIGSEGV, .dumped_core = true};
  EXPECT_EQ(exit.ToString(), "killed by SIGSEGV (core dumped)");
}

}  // namespace
}  // namespace muster::ipc
