#include "muster/host/process_usage.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::host {
namespace {

// Behind the program's name, counted from 0: see proc(5).
constexpr std::size_t kUserTicks = 11;
constexpr std::size_t kSystemTicks = 12;
constexpr std::size_t kThreads = 17;
constexpr std::size_t kResidentPages = 21;

}  // namespace

std::optional<ProcessUsage> UsageOf(pid_t pid) {
  const ipc::UniqueFd fd(ipc::RetryOnEintr(
      [&] { return ::open(absl::StrCat("/proc/", pid, "/stat").c_str(), O_RDONLY | O_CLOEXEC); }));
  if (!fd.valid()) return std::nullopt;
  char text[1024];
  const ssize_t got = ipc::RetryOnEintr([&] { return ::read(fd.get(), text, sizeof(text)); });
  if (got <= 0) return std::nullopt;
  return ParseProcessUsage(absl::string_view(text, static_cast<std::size_t>(got)));
}

std::optional<ProcessUsage> ParseProcessUsage(absl::string_view stat) {
  // The name may contain anything.
  const std::size_t name_end = stat.rfind(')');
  if (name_end == stat.npos) return std::nullopt;
  const std::vector<absl::string_view> fields =
      absl::StrSplit(stat.substr(name_end + 1), ' ', absl::SkipEmpty());
  if (fields.size() <= kResidentPages) return std::nullopt;
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  std::uint64_t pages = 0;
  ProcessUsage usage;
  if (!absl::SimpleAtoi(fields[kUserTicks], &user) ||
      !absl::SimpleAtoi(fields[kSystemTicks], &system) ||
      !absl::SimpleAtoi(fields[kThreads], &usage.threads) ||
      !absl::SimpleAtoi(fields[kResidentPages], &pages)) {
    return std::nullopt;
  }
  static const auto ticks_per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  static const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  usage.cpu = std::chrono::milliseconds((user + system) * 1000 / ticks_per_second);
  usage.resident_bytes = pages * page_bytes;
  return usage;
}

}  // namespace muster::host
