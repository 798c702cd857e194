#ifndef MUSTER_WORKER_SANDBOX_LANDLOCK_H_
#define MUSTER_WORKER_SANDBOX_LANDLOCK_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/worker/sandbox/file_rules.h"

namespace muster::worker {

// The version of Landlock that the running kernel has. Unavailable: it has none, was started
// without it, or a filter of system calls keeps it from this process; the text says which.
absl::StatusOr<int> LandlockVersion();

// The rights of files that a version of Landlock (LandlockVersion) knows and this code too, as bits
// of <linux/landlock.h>.
std::uint64_t FileRightsOf(int version);

// Which files this process may open, and what else Landlock restricts: TCP, and from version 6 on
// signals and abstract Unix sockets of processes outside. Everything is forbidden that is not
// permitted. What is open already stays usable.
class LandlockRuleset {
 public:
  // `version`: LandlockVersion's. What it does not know is not restricted: renaming between folders
  // before 2 is refused, truncation before 3, TCP before 4, signals before 6 are permitted.
  static absl::StatusOr<LandlockRuleset> Create(int version, bool may_connect);

  // A path that does not exist is left out, as is what no rule can be about, such as a pipe without
  // a name. Links are followed.
  absl::Status Permit(const FileRule& rule) const;

  // Restricts the calling thread, and all that it starts later, for good. It must have
  // no_new_privs.
  absl::Status Restrict() const;

 private:
  LandlockRuleset(ipc::UniqueFd fd, std::uint64_t rights) : fd_(std::move(fd)), rights_(rights) {}
  absl::Status PermitOutput(const std::string& path) const;
  absl::Status PermitLog(const std::string& path) const;
  absl::Status Add(const std::string& path, std::uint64_t rights) const;

  ipc::UniqueFd fd_;
  std::uint64_t rights_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_SANDBOX_LANDLOCK_H_
