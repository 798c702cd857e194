#ifndef MUSTER_MASTER_CONFIG_ABSOLUTE_PATHS_H_
#define MUSTER_MASTER_CONFIG_ABSOLUTE_PATHS_H_

#include "absl/strings/string_view.h"
#include "muster/proto/config.pb.h"

namespace muster::master {

// Makes every relative path in the configuration absolute, by putting `prefix` in front of it.
// Paths of Unix sockets are included. `prefix` is absolute.
void MakePathsAbsolute(config::v1::Config* config, absl::string_view prefix);

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_ABSOLUTE_PATHS_H_
