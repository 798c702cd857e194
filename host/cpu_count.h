#ifndef MUSTER_HOST_CPU_COUNT_H_
#define MUSTER_HOST_CPU_COUNT_H_

#include <cstdint>
#include <string>

namespace muster::host {

// How many processors this process can keep busy: the number in its affinity mask, or the quota of
// its cgroups, rounded up, if that is lower. At least one.
std::uint32_t UsableCpus();

// The quota of version 2 of cgroups: the least of the cpu.max files in `folder` and above it, up
// to `root`. Zero: none is set.
std::uint32_t CgroupCpus(const std::string& root, const std::string& folder);

}  // namespace muster::host

#endif  // MUSTER_HOST_CPU_COUNT_H_
