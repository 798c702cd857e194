#ifndef MUSTER_CTL_TESTING_RUN_CTL_H_
#define MUSTER_CTL_TESTING_RUN_CTL_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace muster::ctl {

// Runs the real binary, for tests.
inline constexpr char kCtl[] = "ctl/ctl";

struct Result {
  int code = 0;
  std::string out;
  std::string error;
};

// Without `environment` it has none.
Result RunCtl(std::vector<std::string> arguments, std::vector<std::string> environment = {});

// The steps of RunCtl.

// Starts `arguments` with `environment` alone. spawn, because a process with a gRPC server
// must not fork.
pid_t Spawn(std::vector<std::string> arguments, std::vector<std::string> environment, int out,
            int err);
// The exit code; minus the signal's number if one killed it.
int Wait(pid_t pid);
// Of a file that was written to.
std::string Contents(int fd);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TESTING_RUN_CTL_H_
