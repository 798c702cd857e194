#ifndef MUSTER_HOST_MEMORY_LIMIT_H_
#define MUSTER_HOST_MEMORY_LIMIT_H_

#include <cstdint>
#include <string>

namespace muster::host {

// How many bytes of shared memory could be made now: the free memory of the machine, swap included,
// or what the cgroups of this process leave, if that is less. 0: unknown.
std::uint64_t AvailableMemory();

// The limit of version 2 of cgroups: the least of the memory.max files in `folder` and around it,
// up to `root`. 0: none is set.
std::uint64_t CgroupMemory(const std::string& root, const std::string& folder);

}  // namespace muster::host

#endif  // MUSTER_HOST_MEMORY_LIMIT_H_
