#ifndef MUSTER_IPC_BASE_START_TIME_H_
#define MUSTER_IPC_BASE_START_TIME_H_

#include <sys/types.h>

#include <cstdint>

namespace muster::ipc {

// When process `pid` was started, in clock ticks since the machine's start: field 22 of
// /proc/PID/stat. Together with the pid it identifies a process until the next start of the
// machine. 0: there is no such process, or /proc does not tell. One small read of /proc;
// thread-safe.
std::uint64_t StartTimeTicks(pid_t pid);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_BASE_START_TIME_H_
