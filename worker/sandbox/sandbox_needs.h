#ifndef MUSTER_WORKER_SANDBOX_SANDBOX_NEEDS_H_
#define MUSTER_WORKER_SANDBOX_SANDBOX_NEEDS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "muster/proto/config.pb.h"

namespace muster::worker {

// What a worker program needs beyond what every worker does: to serve connections, to use the
// memory that it was given, to start threads, to write the logs and to read the folders that the
// configuration names. What is not needed here is refused (worker/sandbox/sandbox.h).
struct SandboxNeeds {
  // Files, and folders with all that is below them, to read. A path that does not exist when the
  // worker starts is left out: what is made there later stays closed. So does a file that takes the
  // place of one that is named here.
  std::vector<std::string> read = {};
  // Folders, in which and below which files are read, made, changed, renamed and removed.
  std::vector<std::string> write = {};
  // To make sockets and to connect them: Unix, IPv4, IPv6. Names of hosts are looked up with files
  // of /etc and libraries that `read` has to name.
  bool connects = false;
  // Further system calls, by name, with any arguments: "inotify_init1". Each makes the sandbox
  // weaker.
  std::vector<std::string> system_calls = {};
};

// Says what a program needs with this configuration, which has defaults filled in and absolute
// paths. It is called before the sandbox is entered. An error is the reason for a refused start or
// reload.
using SandboxFactory =
    std::function<absl::StatusOr<SandboxNeeds>(const config::v1::Config& config)>;

// Of a program that needs no more than every worker does.
inline absl::StatusOr<SandboxNeeds> NeedsNothing(const config::v1::Config& /*config*/) {
  return SandboxNeeds();
}

}  // namespace muster::worker

#endif  // MUSTER_WORKER_SANDBOX_SANDBOX_NEEDS_H_
