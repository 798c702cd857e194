#ifndef MUSTER_TESTS_SUPPORT_PROCESS_USAGE_H_
#define MUSTER_TESTS_SUPPORT_PROCESS_USAGE_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace muster::tests {

// What a process has of its own: heap and stacks, and all that it has written to elsewhere but in
// shared memory.
std::int64_t OwnMemoryBytes(pid_t pid);

// How many descriptors it has open.
std::size_t OpenDescriptors(pid_t pid);

// Lets this process open `descriptors`. False: the hard limit forbids it.
bool AllowDescriptors(std::size_t descriptors);

}  // namespace muster::tests

#endif  // MUSTER_TESTS_SUPPORT_PROCESS_USAGE_H_
