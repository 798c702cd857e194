#ifndef MUSTER_CTL_MASTER_ADDRESS_H_
#define MUSTER_CTL_MASTER_ADDRESS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::ctl {

// Where ctl was called.
struct Surroundings {
  // The folder to which relative paths are relative. Under `bazel run` it is the caller's, not the
  // process's.
  std::string directory;
  // The root of the source tree, under `bazel run` only.
  std::optional<std::string> workspace;
  // The file of named masters that is read without --ctl-config: muster/ctl.textproto in
  // $XDG_CONFIG_HOME or ~/.config. Empty: neither is known.
  std::string config_file;

  static Surroundings FromProcess();
};

// "localhost:9000", "[::1]:9000": what names a port of TCP rather than a path. It may be wrong
// nevertheless.
bool IsHostAndPort(absl::string_view address);

struct HostAndPort {
  std::string host;  // without brackets
  std::string port;
};

// Of an address that IsHostAndPort. InvalidArgument: it is wrong.
absl::StatusOr<HostAndPort> ParseHostAndPort(absl::string_view address);

// What is wrong in an address whichever it is, and what to write: "the port is missing; ...".
// Empty: it can be that of a master. Pure.
std::string MistakeInAddress(absl::string_view address);

// Returns the Unix sockets at which to look for a master, as absolute paths, the best first. Never
// empty. `address` is "unix:PATH" or a path. Without it, the result is the default places: the
// admin sockets of a configuration in this folder, of the example site, and of an installed master.
// InvalidArgument: the address is not one of a Unix socket. Pure.
absl::StatusOr<std::vector<std::string>> SocketPaths(const std::optional<std::string>& address,
                                                     const Surroundings& surroundings);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_MASTER_ADDRESS_H_
