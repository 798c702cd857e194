#include "muster/ctl/testing/run_ctl.h"

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "gtest/gtest.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ctl {

pid_t Spawn(std::vector<std::string> arguments, std::vector<std::string> environment, int out,
            int err) {
  const auto pointers = [](std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (std::string& string : strings) result.push_back(string.data());
    result.push_back(nullptr);
    return result;
  };
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, arguments[0].c_str(), &actions, nullptr,
                                  pointers(arguments).data(), pointers(environment).data());
  MUSTER_CHECK(error == 0, arguments[0].c_str());
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

int Wait(pid_t pid) {
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::string Contents(int fd) {
  std::string text(::lseek(fd, 0, SEEK_END), '\0');
  EXPECT_EQ(::pread(fd, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  return text;
}

Result RunCtl(std::vector<std::string> arguments, std::vector<std::string> environment) {
  const ipc::UniqueFd out(::memfd_create("out", MFD_CLOEXEC));
  const ipc::UniqueFd error(::memfd_create("error", MFD_CLOEXEC));
  arguments.insert(arguments.begin(), kCtl);
  const int code =
      Wait(Spawn(std::move(arguments), std::move(environment), out.get(), error.get()));
  return {.code = code, .out = Contents(out.get()), .error = Contents(error.get())};
}

}  // namespace muster::ctl
