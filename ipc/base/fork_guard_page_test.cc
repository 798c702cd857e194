// What the guard promises only where the kernel wipes its page at a fork.

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "gtest/gtest.h"
#include "muster/ipc/base/fork_guard.h"

namespace muster::ipc {
namespace {

TEST(ForkGuardPage, DoesNotHoldInAChildOfTheSystemCallItself) {
  const ForkGuard guard = ForkGuard::OfThisProcess();
  // No handler of pthread_atfork runs.
  const long pid = ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (pid == 0) ::_exit(guard.holds() ? 1 : 0);
  ASSERT_GT(pid, 0);
  int status = -1;
  ASSERT_EQ(::waitpid(static_cast<pid_t>(pid), &status, 0), pid);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace muster::ipc
