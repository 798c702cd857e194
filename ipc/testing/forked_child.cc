#include "ipc/testing/forked_child.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "absl/functional/function_ref.h"
#include "ipc/check.h"
#include "ipc/retry.h"

namespace muster::ipc {

ForkedChild::ForkedChild(absl::FunctionRef<int()> body) {
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  MUSTER_CHECK(pid_ >= 0, "fork");
  if (pid_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before that took effect.
  if (::getppid() != parent) ::_exit(127);
  ::_exit(body());
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

}  // namespace muster::ipc
