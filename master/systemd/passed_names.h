#ifndef MUSTER_MASTER_SYSTEMD_PASSED_NAMES_H_
#define MUSTER_MASTER_SYSTEMD_PASSED_NAMES_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace muster::master {

// What a service manager says in the environment of the descriptors that it passes
// (sd_listen_fds(3)): $LISTEN_PID, $LISTEN_FDS and $LISTEN_FDNAMES. Null: it is not set.
struct PassedVariables {
  const char* pid = nullptr;
  const char* fds = nullptr;
  const char* names = nullptr;
};

// The first of the descriptors. The others follow it.
inline constexpr int kFirstPassed = 3;

struct PassedNames {
  // Of the descriptors, in their order; "unknown" if the manager names none.
  std::vector<std::string> names;
  // Why there are none although the manager passed some: they are for another process. One line.
  std::string ignored;
};

// Reads them for the process `self`. InvalidArgument: they are for this process, and one of them
// makes no sense; the message has the variable.
absl::StatusOr<PassedNames> ReadPassedNames(const PassedVariables& variables, pid_t self);

}  // namespace muster::master

#endif  // MUSTER_MASTER_SYSTEMD_PASSED_NAMES_H_
