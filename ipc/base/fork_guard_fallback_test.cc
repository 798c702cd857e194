// A kernel that cannot wipe the guard's page at a fork, for the tests that are linked with this,
// and what the guard does not promise there: see ForkGuardPage.

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "gtest/gtest.h"
#include "muster/ipc/base/fork_guard.h"

namespace {

int refusals = 0;

}  // namespace

// In front of libc's: a kernel older than Linux 4.14, or a sandbox.
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
extern "C" int madvise(void* address, std::size_t bytes, int advice) noexcept {
  if (advice == MADV_WIPEONFORK) {
    ++refusals;
    errno = EINVAL;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_madvise, address, bytes, advice));
}

namespace muster::ipc {
namespace {

int ExitCodeOf(long pid) {
  int status = -1;
  EXPECT_EQ(::waitpid(static_cast<pid_t>(pid), &status, 0), pid);
  return WEXITSTATUS(status);
}

TEST(ForkGuardFallback, IsWhatTheseTestsUse) { EXPECT_GT(refusals, 0); }

// Not promised. If this fails, the promise can be a greater one.
TEST(ForkGuardFallback, DoesNotSeeAForkOfWhichNoHandlerKnows) {
  const ForkGuard guard = ForkGuard::OfThisProcess();
  const long cloned = ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (cloned == 0) ::_exit(guard.holds() ? 0 : 1);
  EXPECT_EQ(ExitCodeOf(cloned), 0);
  const pid_t forked = ::_Fork();
  if (forked == 0) ::_exit(guard.holds() ? 0 : 1);
  EXPECT_EQ(ExitCodeOf(forked), 0);
}

}  // namespace
}  // namespace muster::ipc
