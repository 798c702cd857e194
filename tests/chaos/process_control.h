#ifndef MUSTER_TESTS_CHAOS_PROCESS_CONTROL_H_
#define MUSTER_TESTS_CHAOS_PROCESS_CONTROL_H_

#include <sys/resource.h>
#include <sys/types.h>

#include <string>

namespace muster::tests::chaos {

// What the run does to a process of the master, and sees of it, beside reading its state
// (process_view.h). A process that has ended is no error.

// At least 2.
int HighestDescriptor(pid_t pid);
// Whether it has this file open.
bool HasOpen(pid_t pid, const std::string& path);

// Its soft limit of descriptors, as far as the hard one lets. Returns the one before.
rlim_t SetSoftLimit(pid_t pid, rlim_t soft);

// Blocks until it runs no more, stopped or dead.
void AwaitStopped(pid_t pid);

}  // namespace muster::tests::chaos

#endif  // MUSTER_TESTS_CHAOS_PROCESS_CONTROL_H_
