#include "muster/master/process/child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/master/process/child_output.h"

namespace muster::master {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

ChildPlan Shell(const std::string& script) { return {"/bin/sh", {"sh", "-c", script}, {}}; }

// What `script` writes to its standard output.
std::string OutputOf(const std::string& script) {
  return OutputOfChild([&](int fd) {
    ChildPlan plan = Shell(script);
    plan.descriptors = {{fd, STDOUT_FILENO}};
    return Child::Start(plan);
  });
}

// A dead child that nothing but fork knows of.
pid_t MakeStranger() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  siginfo_t dead = {};
  EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &dead, WEXITED | WNOWAIT), 0);
  return pid;
}

bool IsChild(pid_t pid) {
  siginfo_t dead = {};
  return ::waitid(P_PID, static_cast<id_t>(pid), &dead, WEXITED | WNOWAIT | WNOHANG) == 0;
}

TEST(Child, TellsHowItEnded) {
  auto child = Child::Start(Shell("exit 3"));
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_EQ(child->Wait(ipc::PidFd::Reap::kYes)->ToString(), "exited with code 3");
}

TEST(Child, GetsNothingThatAServiceManagerToldThisProcess) {
  ::setenv("NOTIFY_SOCKET", "/run/notify", 1);
  ::setenv("MUSTER_TEST", "kept", 1);
  const std::string environment = OutputOf("env");
  EXPECT_THAT(environment, HasSubstr("MUSTER_TEST=kept\n"));
  EXPECT_THAT(environment, Not(HasSubstr("NOTIFY_SOCKET")));
}

TEST(Child, IsEndedAndReapedWhenItCannotBeWatched) {
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  // No descriptor is free for the child's. posix_spawn itself wants some numbers.
  const rlimit full = {8, before.rlim_max};
  std::vector<ipc::UniqueFd> all;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &full), 0);
  do {
    all.emplace_back(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  } while (all.back().valid());

  const absl::Status status = Child::Start(Shell("while :; do :; done")).status();

  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_THAT(std::string(status.message()), HasSubstr("Too many open files"));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(Strangers, AreReaped) {
  const pid_t stranger = MakeStranger();
  ReapStrangers();
  EXPECT_FALSE(IsChild(stranger));
}

TEST(Strangers, AreReapedWithoutTouchingAChildThatIsBeforeThem) {
  auto child = Child::Start(Shell("exit 3"));
  ASSERT_TRUE(child.ok()) << child.status();
  ASSERT_TRUE(child->Wait(ipc::PidFd::Reap::kNo).ok());
  const pid_t stranger = MakeStranger();

  ReapStrangers();

  EXPECT_TRUE(IsChild(child->pid()));
  EXPECT_EQ(child->Wait(ipc::PidFd::Reap::kYes)->ToString(), "exited with code 3");
  EXPECT_FALSE(IsChild(stranger));
}

TEST(Strangers, IncludeAChildWhoseObjectIsGone) {
  pid_t pid = 0;
  {
    auto child = Child::Start(Shell("exit 3"));
    ASSERT_TRUE(child.ok()) << child.status();
    ASSERT_TRUE(child->Wait(ipc::PidFd::Reap::kNo).ok());
    pid = child->pid();
  }
  ReapStrangers();
  EXPECT_FALSE(IsChild(pid));
}

TEST(Child, IsKnownToTheNextProgramByItsPid) {
  auto child = Child::Start(Shell("exit 3"));
  ASSERT_TRUE(child.ok()) << child.status();
  const auto children = Children();
  ASSERT_TRUE(children.ok()) << children.status();
  EXPECT_THAT(*children, Contains(child->pid()));
  auto resumed = Child::Resume(child->pid());
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  const auto exit = resumed->Wait(ipc::PidFd::Reap::kYes);
  ASSERT_TRUE(exit.ok()) << exit.status();
  EXPECT_EQ(exit->code, 3);
}

TEST(Child, IsGoneIfThereIsNoSuchProcess) {
  auto child = Child::Start(Shell("exit 3"));
  ASSERT_TRUE(child.ok()) << child.status();
  const pid_t pid = child->pid();
  ASSERT_TRUE(child->Wait(ipc::PidFd::Reap::kYes).ok());
  auto resumed = Child::Resume(pid);
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  EXPECT_EQ(resumed->fd(), -1);
  EXPECT_TRUE(absl::IsNotFound(resumed->Send(SIGKILL)));
  EXPECT_TRUE(absl::IsFailedPrecondition(resumed->TryWait(ipc::PidFd::Reap::kNo).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Child::Resume(0).status()));
}

TEST(EndChild, KillsAChildThatNobodyStandsFor) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (;;) ::pause();
  }
  EndChild(pid);
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST(EndChild, SendsNothingToWhoIsNoChild) {
  // A child that another process was, or this process's parent.
  const pid_t parent = ::fork();
  if (parent == 0) {
    EndChild(::getppid());
    ::_exit(7);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(parent, &status, 0), parent);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

}  // namespace
}  // namespace muster::master
