#ifndef MUSTER_CTL_ADDRESS_H_
#define MUSTER_CTL_ADDRESS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace muster::ctl {

// Where ctl was called.
struct Surroundings {
  // What relative paths are relative to. Under `bazel run` that is the caller's folder, not the
  // process's.
  std::string directory;
  // The root of the tree; under `bazel run` only.
  std::optional<std::string> workspace;

  static Surroundings FromProcess();
};

// The Unix sockets at which to look for a master, best first, as absolute paths; never empty.
// `address` is "unix:PATH" or a path. None: the admin sockets of a configuration in this folder,
// of the example site, and of an installed master. InvalidArgument: no such address can be. Pure.
absl::StatusOr<std::vector<std::string>> SocketPaths(const std::optional<std::string>& address,
                                                     const Surroundings& surroundings);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_ADDRESS_H_
