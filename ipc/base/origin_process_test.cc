#include "muster/ipc/base/origin_process.h"

#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "gtest/gtest.h"
#include "muster/ipc/testing/forked_child.h"

namespace muster::ipc {
namespace {

TEST(OriginProcess, IsThisOneInEveryThread) {
  const OriginProcess origin;
  const OriginProcess again;
  EXPECT_TRUE(origin.IsThisOne());
  EXPECT_TRUE(again.IsThisOne());
  std::thread([&] { EXPECT_TRUE(origin.IsThisOne()); }).join();
}

TEST(OriginProcess, IsNotItsChildOrGrandchild) {
  const OriginProcess origin;
  ForkedChild child([&] {
    if (origin.IsThisOne()) return 1;
    const OriginProcess own;
    ForkedChild grandchild([&] { return origin.IsThisOne() || own.IsThisOne() ? 2 : 0; });
    return own.IsThisOne() ? grandchild.Join() : 3;
  });
  EXPECT_EQ(child.Join(), 0);
  EXPECT_TRUE(origin.IsThisOne());
}

// Calls `body` in the process with the pid 1 of a new pid namespace.
template <typename Body>
int InNewPidNamespace(Body body) {
  const auto pid = static_cast<pid_t>(
      ::syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, nullptr, nullptr, nullptr, 0));
  if (pid < 0) return -1;
  if (pid == 0) ::_exit(body());
  int status = 0;
  return ::waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -2;
}

TEST(OriginProcess, IsNotAChildWithTheSamePid) {
  constexpr int kOther = 77;
  const int code = InNewPidNamespace([] {
    const OriginProcess origin;
    const int result =
        InNewPidNamespace([&] { return ::getpid() != 1 || origin.IsThisOne() ? 1 : 0; });
    return result == -1 ? kOther : result;
  });
  if (code == -1 || code == kOther) GTEST_SKIP() << "this user can make no pid namespace";
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace muster::ipc
