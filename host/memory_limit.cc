#include "muster/host/memory_limit.h"

#include <algorithm>
#include <fstream>

#include "absl/strings/numbers.h"
#include "muster/host/cgroup.h"

namespace muster::host {
namespace {

// "MemAvailable:   12345 kB"
std::uint64_t MachineMemory() {
  std::ifstream stream("/proc/meminfo");
  std::string name;
  std::uint64_t kilobytes = 0;
  std::string unit;
  std::uint64_t bytes = 0;
  while (stream >> name >> kilobytes) {
    std::getline(stream, unit);
    if (name == "MemAvailable:" || name == "SwapFree:") bytes += kilobytes << 10;
  }
  return bytes;
}

}  // namespace

std::uint64_t CgroupMemory(const std::string& root, const std::string& folder) {
  std::uint64_t least = 0;
  for (const std::string& group : CgroupsAround(root, folder)) {
    std::ifstream stream(group + "/memory.max");
    std::string word;  // "max": none
    std::uint64_t limit = 0;
    if (!(stream >> word) || !absl::SimpleAtoi(word, &limit)) continue;
    if (least == 0 || limit < least) least = limit;
  }
  return least;
}

std::uint64_t AvailableMemory() {
  const std::uint64_t machine = MachineMemory();
  const std::string cgroup = OwnCgroup();
  const std::uint64_t limit = cgroup.empty() ? 0 : CgroupMemory(kCgroupRoot, cgroup);
  if (machine == 0 || limit == 0) return std::max(machine, limit);
  return std::min(machine, limit);
}

}  // namespace muster::host
