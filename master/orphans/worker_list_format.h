#ifndef MUSTER_MASTER_ORPHANS_WORKER_LIST_FORMAT_H_
#define MUSTER_MASTER_ORPHANS_WORKER_LIST_FORMAT_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace muster::master {

// What identifies a worker's process on this machine, at any time.
struct ListedWorker {
  pid_t pid = 0;
  std::uint64_t start_time = 0;  // ipc::StartTimeTicks
  uid_t uid = 0;                 // effective
  std::string boot_id;           // of the kernel's run in which the other fields mean something

  friend bool operator==(const ListedWorker& a, const ListedWorker& b) {
    return a.pid == b.pid && a.start_time == b.start_time && a.uid == b.uid &&
           a.boot_id == b.boot_id;
  }
};

// The file of the workers is an array of such lines, one for each slot: "PID START_TIME UID
// BOOT_ID", blanks, a line feed. A slot without a process has blanks or zero bytes.
inline constexpr std::size_t kWorkerLineBytes = 80;
inline constexpr std::size_t kBootIdBytes = 36;

// The line of `worker`, kWorkerLineBytes long.
std::string FormatWorkerLine(const ListedWorker& worker);

// The workers in `text`, which may be anything: what is not such a line is passed over.
std::vector<ListedWorker> ParseWorkerList(absl::string_view text);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ORPHANS_WORKER_LIST_FORMAT_H_
