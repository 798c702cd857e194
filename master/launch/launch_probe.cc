// Writes to standard output what it was started as, one fact a line.

#include <dirent.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace {

std::string OpenDescriptors() {
  std::vector<int> fds;
  DIR* folder = ::opendir("/proc/self/fd");
  while (const dirent* entry = ::readdir(folder)) {
    const int fd = std::atoi(entry->d_name);
    if (entry->d_name[0] != '.' && fd != ::dirfd(folder)) fds.push_back(fd);
  }
  ::closedir(folder);
  std::sort(fds.begin(), fds.end());
  return absl::StrJoin(fds, " ");
}

std::string Limit(__rlimit_resource resource) {
  rlimit limit = {};
  ::getrlimit(resource, &limit);
  return absl::StrCat(limit.rlim_cur, "/", limit.rlim_max);
}

}  // namespace

int main(int argc, char** argv) {
  std::cout << "descriptors: " << OpenDescriptors() << "\n";
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    for (const char* name : {"Uid:", "Gid:", "Groups:", "Cap",
                             "NoNewPrivs:", "Cpus_allowed_list:", "SigBlk:", "SigIgn:"}) {
      if (absl::StartsWith(line, name)) std::cout << line << "\n";
    }
  }
  std::cout << "nofile: " << Limit(RLIMIT_NOFILE) << "\n"
            << "core: " << Limit(RLIMIT_CORE) << "\n"
            << "memlock: " << Limit(RLIMIT_MEMLOCK) << "\n"
            << "address_space: " << Limit(RLIMIT_AS) << "\n"
            << "nice: " << ::getpriority(PRIO_PROCESS, 0) << "\n"
            << "arguments: " << absl::StrJoin(argv + 1, argv + argc, " ") << "\n";
  char folder[4096] = {};
  if (::getcwd(folder, sizeof(folder)) != nullptr) std::cout << "folder: " << folder << "\n";
  for (char** entry = ::environ; *entry != nullptr; ++entry) std::cout << "env: " << *entry << "\n";
  return 0;
}
