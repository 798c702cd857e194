#include "muster/tests/chaos/process_control.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "muster/tests/chaos/process_view.h"

namespace muster::tests::chaos {
namespace {

void ForEachDescriptor(pid_t pid, const std::function<void(const std::filesystem::path&)>& look) {
  std::error_code ended;
  const std::filesystem::path folder = absl::StrCat("/proc/", pid, "/fd");
  for (std::filesystem::directory_iterator entry(folder, ended), end; !ended && entry != end;
       entry.increment(ended)) {
    look(entry->path());
  }
}

}  // namespace

int HighestDescriptor(pid_t pid) {
  int highest = 2;
  ForEachDescriptor(pid, [&](const std::filesystem::path& link) {
    int fd = 0;
    if (absl::SimpleAtoi(link.filename().string(), &fd)) highest = std::max(highest, fd);
  });
  return highest;
}

bool HasOpen(pid_t pid, const std::string& path) {
  bool has_open = false;
  ForEachDescriptor(pid, [&](const std::filesystem::path& link) {
    std::error_code closed;
    has_open = has_open || std::filesystem::read_symlink(link, closed) == path;
  });
  return has_open;
}

rlim_t SetSoftLimit(pid_t pid, rlim_t soft) {
  rlimit limit = {};
  if (::prlimit(pid, RLIMIT_NOFILE, nullptr, &limit) != 0) return soft;
  const rlim_t before = std::exchange(limit.rlim_cur, std::min(soft, limit.rlim_max));
  ::prlimit(pid, RLIMIT_NOFILE, &limit, nullptr);
  return before;
}

void AwaitStopped(pid_t pid) {
  while (true) {
    const auto process = ReadProcess(pid);
    if (!process.has_value() || process->state == 'T' || process->state == 'Z') return;
    std::this_thread::yield();
  }
}

}  // namespace muster::tests::chaos
