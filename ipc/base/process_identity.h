#ifndef MUSTER_IPC_BASE_PROCESS_IDENTITY_H_
#define MUSTER_IPC_BASE_PROCESS_IDENTITY_H_

#include <sys/types.h>

#include <cstdint>

namespace muster::ipc {

// One process of this machine, until the machine's next start. A plain value.
struct ProcessIdentity {
  pid_t pid = 0;                       // 0: no process
  std::uint64_t start_time_ticks = 0;  // StartTimeTicks(pid); 0: not known, or in a time namespace
  std::uint64_t pid_namespace = 0;     // in which `pid` is its number; 0: not known
};

// `pid` is a number of this process's pid namespace.
ProcessIdentity IdentityOf(pid_t pid);

// The inode number of /proc/self/ns/pid: differs between any two pid namespaces that exist. 0:
// /proc is not mounted. One system call.
std::uint64_t OwnPidNamespace();

// True: the kernel says that this process is dead, whether anybody has waited for it or not. A
// process whose first thread has ended while others run is alive. False also where it cannot be
// known: the number is of another pid namespace, or there is no descriptor for the question; or it
// is another process's by now, and one of the two who know it is in a time namespace, where a start
// is another number. Some 10 µs; thread-safe; never blocks.
bool IsGone(const ProcessIdentity& process);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_BASE_PROCESS_IDENTITY_H_
