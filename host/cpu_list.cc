#include "muster/host/cpu_list.h"

#include <sched.h>

#include <cstddef>
#include <set>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace muster::host {
namespace {

// More than any machine has.
constexpr int kMostCpus = 65536;

bool ParseCpu(absl::string_view text, int* cpu) {
  return !text.empty() && absl::ascii_isdigit(static_cast<unsigned char>(text[0])) &&
         absl::SimpleAtoi(text, cpu) && *cpu < kMostCpus;
}

}  // namespace

absl::StatusOr<std::vector<int>> ParseCpuList(absl::string_view text) {
  std::set<int> cpus;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const std::vector<absl::string_view> ends = absl::StrSplit(part, '-');
    int first = 0;
    int last = 0;
    if (ends.size() > 2 || !ParseCpu(ends.front(), &first) || !ParseCpu(ends.back(), &last) ||
        first > last) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"", absl::CEscape(text),
          "\" is no list of CPUs; write \"0-3,8\", or \"AUTO\" for one of each worker"));
    }
    for (int cpu = first; cpu <= last; ++cpu) cpus.insert(cpu);
  }
  return std::vector<int>(cpus.begin(), cpus.end());
}

std::vector<int> AffinityCpuList() {
  std::vector<int> cpus;
  // The kernel's mask may be larger than cpu_set_t: try ever larger ones.
  for (std::size_t size = CPU_SETSIZE; size <= kMostCpus; size *= 2) {
    std::vector<unsigned long> mask(size / (8 * sizeof(unsigned long)));
    auto* set = reinterpret_cast<cpu_set_t*>(mask.data());
    const std::size_t bytes = mask.size() * sizeof(unsigned long);
    if (::sched_getaffinity(0, bytes, set) != 0) continue;
    for (std::size_t cpu = 0; cpu < size; ++cpu) {
      if (CPU_ISSET_S(cpu, bytes, set)) cpus.push_back(static_cast<int>(cpu));
    }
    break;
  }
  return cpus;
}

}  // namespace muster::host
