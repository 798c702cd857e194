#include "muster/ipc/base/start_time.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ipc {

std::uint64_t StartTimeTicks(pid_t pid) {
  const UniqueFd fd(::open(absl::StrCat("/proc/", pid, "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  char text[1024];
  const ssize_t size = RetryOnEintr([&] { return ::read(fd.get(), text, sizeof text); });
  if (size <= 0) return 0;
  // The name in parentheses may contain anything; the last one ends it. Field 3 follows.
  const absl::string_view stat(text, static_cast<std::size_t>(size));
  const std::size_t name_end = stat.rfind(") ");
  if (name_end == absl::string_view::npos) return 0;
  const std::vector<absl::string_view> fields = absl::StrSplit(stat.substr(name_end + 2), ' ');
  std::uint64_t ticks = 0;
  constexpr std::size_t kStartTime = 22 - 3;
  if (fields.size() <= kStartTime || !absl::SimpleAtoi(fields[kStartTime], &ticks)) return 0;
  return ticks;
}

}  // namespace muster::ipc
