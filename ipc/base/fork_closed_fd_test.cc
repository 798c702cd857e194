#include "muster/ipc/base/fork_closed_fd.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <optional>
#include <utility>

#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/testing/forked_child.h"

namespace muster::ipc {
namespace {

ForkClosedFd Opened() { return ForkClosedFd(UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC))); }

bool IsOpen(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(ForkClosedFd, IsClosedInAChildOnly) {
  const ForkClosedFd first = Opened();
  const ForkClosedFd second = Opened();
  const int fds[] = {first.get(), second.get()};
  ForkedChild child([&] {
    if (IsOpen(fds[0]) || IsOpen(fds[1])) return 1;
    return first.get() == -1 && second.get() == -1 ? 0 : 2;
  });
  EXPECT_EQ(child.Join(), 0);
  EXPECT_TRUE(IsOpen(first.get()) && IsOpen(second.get()));
}

TEST(ForkClosedFd, IsClosedWithItsOwner) {
  std::unique_ptr<ForkClosedFd> last;
  int fd;
  {
    ForkClosedFd first = Opened();
    fd = first.get();
    last = std::make_unique<ForkClosedFd>(std::move(first));
  }
  EXPECT_TRUE(IsOpen(fd));
  *last = Opened();
  const int next = last->get();
  EXPECT_FALSE(IsOpen(fd));
  EXPECT_TRUE(IsOpen(next));
  last.reset();
  EXPECT_FALSE(IsOpen(next));
}

TEST(ForkClosedFd, ClosesNothingOfAChildThatGivesItsNumberToAnother) {
  std::optional<ForkClosedFd> owner = Opened();
  ForkedChild child([&] {
    const UniqueFd another(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    owner.reset();
    return IsOpen(another.get()) ? 0 : 1;
  });
  EXPECT_EQ(child.Join(), 0);
}

TEST(ForkClosedFd, IsClosedOnRequestInAChildThatNoHandlerKnowsOf) {
  ForkClosedFd owner = Opened();
  const int fd = owner.get();
  const long pid = ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (pid == 0) {
    const bool was_open = IsOpen(fd);
    owner.Close();
    ::_exit(was_open && !IsOpen(fd) ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(static_cast<pid_t>(pid), &status, 0), pid);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(IsOpen(fd));
}

}  // namespace
}  // namespace muster::ipc
