#ifndef MUSTER_MASTER_PROCESS_MEMORY_LIMIT_H_
#define MUSTER_MASTER_PROCESS_MEMORY_LIMIT_H_

#include <cstdint>
#include <string>

namespace muster::master {

// How many bytes shared memory could have now: what the machine has to give, swap included, and no
// more than the cgroups of this process allow. 0: the kernel does not tell.
std::uint64_t AvailableMemory();

// The limit of version 2 of cgroups: the least of the memory.max files in `folder` and around it,
// up to `root`. 0: none is set.
std::uint64_t CgroupMemory(const std::string& root, const std::string& folder);

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_MEMORY_LIMIT_H_
