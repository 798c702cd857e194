// What launches where the kernel executes nothing that is in memory only. No other test may be in
// this program: what launches is found out once in a process.

#include <fcntl.h>
#include <sched.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/testing/forked_child.h"
#include "muster/master/launch/launch_plan.h"
#include "muster/master/launch/launcher_file.h"
#include "muster/master/launch/other_users.h"
#include "muster/master/process/child_output.h"
#include "muster/master/process/worker_program.h"

namespace muster::master {
namespace {

constexpr int kNotHere = 77;

// Of the namespace of processes that this process is the first one of.
bool ForbidToExecuteMemory() {
  const ipc::UniqueFd rule(::open("/proc/sys/vm/memfd_noexec", O_WRONLY | O_CLOEXEC));
  return rule.valid() && ::write(rule.get(), "2", 1) == 1;
}

int LaunchWithoutMemory() {
  if (!ForbidToExecuteMemory()) return kNotHere;
  if (LauncherFile() >= 0) return 1;
  const auto program = WorkerProgram::Open("master/launch/launch_probe");
  if (!program.ok()) return 2;
  LaunchPlan plan;
  plan.nofile = 100;
  const std::string said = OutputOfChild([&](int fd) {
    return program->Start({"--x"}, {{fd, STDOUT_FILENO}}, &plan);
  });
  return said.find("nofile: 100/100\n") != said.npos &&
                 said.find("descriptors: 0 1 2 4\n") != said.npos
             ? 0
             : 3;
}

// This program is a launcher, as the master's is one.
TEST(LauncherFile, IsReplacedByTheMastersProgramWhereMemoryIsNotExecuted) {
  NEEDS_OTHER_USERS();
  ipc::ForkedChild outer([] {
    if (::unshare(CLONE_NEWPID) != 0) return kNotHere;
    const pid_t first = ::fork();
    if (first == 0) ::_exit(LaunchWithoutMemory());
    int status = 0;
    return ::waitpid(first, &status, 0) == first && WIFEXITED(status) ? WEXITSTATUS(status) : 4;
  });
  const int code = outer.Join();
  if (code == kNotHere) GTEST_SKIP() << "this kernel has no vm.memfd_noexec for a namespace";
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace muster::master
