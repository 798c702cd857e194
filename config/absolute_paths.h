#ifndef MUSTER_CONFIG_ABSOLUTE_PATHS_H_
#define MUSTER_CONFIG_ABSOLUTE_PATHS_H_

#include "absl/strings/string_view.h"
#include "muster/proto/config.pb.h"

namespace muster::config {

// Makes every relative path in the configuration absolute, by putting `prefix` in front of it.
// Paths of Unix sockets are included. `prefix` is absolute.
void MakePathsAbsolute(v1::Config* config, absl::string_view prefix);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_ABSOLUTE_PATHS_H_
