#include "muster/ipc/testing/forked_child.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <string>

#include "absl/functional/function_ref.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/retry.h"

namespace muster::ipc {
namespace {

// In the child: what it throws ends the child, and is not caught by the parent's frames, of which
// it has copies.
[[noreturn]] void Run(absl::FunctionRef<int()> body) noexcept { ::_exit(body()); }

}  // namespace

ForkedChild::ForkedChild(absl::FunctionRef<int()> body) {
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  MUSTER_CHECK(pid_ >= 0, "fork");
  if (pid_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before that took effect.
  if (::getppid() != parent) ::_exit(127);
  Run(body);
}

ForkedChild::~ForkedChild() { Kill(); }

int ForkedChild::Join() {
  MUSTER_CHECK(!joined_, "a child is joined once");
  int status = 0;
  const pid_t pid = RetryOnEintr([&] { return ::waitpid(pid_, &status, 0); });
  MUSTER_CHECK(pid == pid_, "waitpid");
  joined_ = true;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void ForkedChild::Kill() {
  if (joined_) return;
  ::kill(pid_, SIGKILL);
  Join();
}

void AwaitAsleep(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  std::string stat;
  do {
    ::sched_yield();
    std::getline(std::ifstream(path), stat);
    MUSTER_CHECK(!stat.empty(), "the process is there");
    // The state follows the name, which may have parentheses of its own.
  } while (stat.compare(stat.rfind(')'), 4, ") S ") != 0);
}

}  // namespace muster::ipc
