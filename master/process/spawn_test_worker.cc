// Tells over its channel what a spawned worker starts with, and exits with code 7.

#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "muster/ipc/channel/channel.h"
#include "muster/worker/protocol/command.h"

namespace muster {
namespace {

std::vector<int> OpenDescriptors() {
  std::vector<int> fds;
  DIR* folder = ::opendir("/proc/self/fd");
  for (const dirent* entry = ::readdir(folder); entry != nullptr; entry = ::readdir(folder)) {
    const int fd = std::atoi(entry->d_name);
    if (entry->d_name[0] != '.' && fd != ::dirfd(folder)) fds.push_back(fd);
  }
  ::closedir(folder);
  std::sort(fds.begin(), fds.end());
  return fds;
}

std::string Report() {
  sigset_t blocked;
  ::sigprocmask(SIG_SETMASK, nullptr, &blocked);
  struct sigaction action = {};
  ::sigaction(SIGUSR2, nullptr, &action);
  return absl::StrCat("fds: ", absl::StrJoin(OpenDescriptors(), " "),
                      "; blocked: ", ::sigismember(&blocked, SIGUSR1),
                      "; ignored: ", action.sa_handler == SIG_IGN ? 1 : 0);
}

}  // namespace
}  // namespace muster

int main() {
  const std::string report = muster::Report();
  const auto channel =
      muster::ipc::Channel::Adopt(muster::ipc::UniqueFd(muster::worker::kChannelFd));
  if (!channel.ok()) return 1;
  muster::ipc::Message message;
  message.payload = report;
  if (!channel->Send(message).ok()) return 2;
  return 7;
}
