#ifndef MUSTER_MASTER_CONFIG_ABSOLUTE_PATHS_H_
#define MUSTER_MASTER_CONFIG_ABSOLUTE_PATHS_H_

#include "absl/strings/string_view.h"
#include "muster/proto/config.pb.h"

namespace muster::master {

// Makes every path in the configuration absolute, those of Unix sockets too. Relative ones
// are relative to `prefix`, which is absolute.
void MakePathsAbsolute(config::v1::Config* config, absl::string_view prefix);

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_ABSOLUTE_PATHS_H_
