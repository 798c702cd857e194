#ifndef MUSTER_HOST_PROCESS_USAGE_H_
#define MUSTER_HOST_PROCESS_USAGE_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace muster::host {

// What a process uses of the machine.
struct ProcessUsage {
  std::chrono::nanoseconds cpu{};    // user and system, of all its threads since its start
  std::uint64_t resident_bytes = 0;  // as the kernel estimates it
  std::uint32_t threads = 0;
};

// Of a process that the caller has not reaped. Nothing: it is dead, or /proc is not there. Reads
// one file of /proc, which waits for nobody, whatever the process does.
std::optional<ProcessUsage> UsageOf(pid_t pid);

// From the text of /proc/PID/stat. Nothing: it is not one.
std::optional<ProcessUsage> ParseProcessUsage(absl::string_view stat);

}  // namespace muster::host

#endif  // MUSTER_HOST_PROCESS_USAGE_H_
