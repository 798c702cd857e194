#ifndef MUSTER_MASTER_CONFIG_PATHS_H_
#define MUSTER_MASTER_CONFIG_PATHS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "muster/proto/config.pb.h"

namespace muster::master {

// `path` below `folder`, unless it is absolute; without "." and empty parts. ".." stays, for
// the folder before it may be a symbolic link.
std::string JoinPath(absl::string_view folder, absl::string_view path);

// "/a" of "/a/b", "/" of "/a", "." of "a".
std::string FolderOf(absl::string_view path);

// Makes every path in the configuration absolute, those of Unix sockets too. Relative ones
// are relative to `prefix`, which is absolute.
void MakePathsAbsolute(config::v1::Config* config, absl::string_view prefix);

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_PATHS_H_
