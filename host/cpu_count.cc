#include "muster/host/cpu_count.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "muster/host/cgroup.h"

namespace muster::host {
namespace {

std::uint32_t AffinityCpus() {
  // The kernel's mask may be larger than cpu_set_t: try ever larger ones.
  for (std::size_t cpus = CPU_SETSIZE; cpus <= 1 << 20; cpus *= 2) {
    std::vector<unsigned long> mask(cpus / (8 * sizeof(unsigned long)));
    auto* set = reinterpret_cast<cpu_set_t*>(mask.data());
    const std::size_t bytes = mask.size() * sizeof(unsigned long);
    if (::sched_getaffinity(0, bytes, set) == 0) return CPU_COUNT_S(bytes, set);
  }
  return std::thread::hardware_concurrency();
}

// "100000 50000": quota and period in microseconds; "max 100000": none.
std::uint32_t QuotaIn(const std::string& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  std::uint64_t quota = 0;
  std::uint64_t period = 0;
  if (words.size() != 2 || !absl::SimpleAtoi(words[0], &quota) ||
      !absl::SimpleAtoi(words[1], &period) || quota == 0 || period == 0) {
    return 0;
  }
  return static_cast<std::uint32_t>(std::min<std::uint64_t>((quota - 1) / period + 1, 1 << 20));
}

}  // namespace

std::uint32_t CgroupCpus(const std::string& root, const std::string& folder) {
  std::uint32_t least = 0;
  for (const std::string& group : CgroupsAround(root, folder)) {
    const std::uint32_t quota = QuotaIn(group + "/cpu.max");
    if (quota != 0 && (least == 0 || quota < least)) least = quota;
  }
  return least;
}

std::uint32_t UsableCpus() {
  std::uint32_t cpus = std::max<std::uint32_t>(AffinityCpus(), 1);
  const std::string cgroup = OwnCgroup();
  const std::uint32_t quota = cgroup.empty() ? 0 : CgroupCpus(kCgroupRoot, cgroup);
  if (quota != 0) cpus = std::min(cpus, quota);
  return cpus;
}

}  // namespace muster::host
