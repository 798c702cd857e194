#ifndef MUSTER_CONFIG_CONFIG_SOURCE_H_
#define MUSTER_CONFIG_CONFIG_SOURCE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace muster::config {

inline constexpr std::size_t kMostConfigBytes = 16 << 20;

// The bytes of the configuration in the regular file `path`. Anything but a regular file is refused
// without being opened, so that this never waits. Errors name the path, what is there, and what to
// do. InvalidArgument: the file cannot be a configuration.
absl::StatusOr<std::string> ReadConfigSource(const std::string& path);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_CONFIG_SOURCE_H_
