#include "muster/tests/support/process_usage.h"

#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"

namespace muster::tests {

std::int64_t OwnMemoryBytes(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/smaps_rollup"));
  std::string word;
  while (file >> word) {
    std::int64_t kib = 0;
    if (word == "Anonymous:" && file >> kib) return kib * 1024;
  }
  MUSTER_CHECK(false, "a running process has memory");
  return 0;
}

std::size_t OpenDescriptors(pid_t pid) {
  const std::filesystem::directory_iterator begin(absl::StrCat("/proc/", pid, "/fd"));
  return std::distance(begin, std::filesystem::directory_iterator());
}

bool AllowDescriptors(std::size_t descriptors) {
  rlimit limit = {};
  MUSTER_CHECK(::getrlimit(RLIMIT_NOFILE, &limit) == 0, "getrlimit");
  if (limit.rlim_cur >= descriptors) return true;
  if (limit.rlim_max < descriptors) return false;
  limit.rlim_cur = descriptors;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

}  // namespace muster::tests
