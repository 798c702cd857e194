#ifndef MUSTER_HOST_PATH_H_
#define MUSTER_HOST_PATH_H_

#include <string>

#include "absl/strings/string_view.h"

namespace muster::host {

// `folder`/`path`, or `path` alone if it is absolute. Without "." and empty parts. ".." stays,
// since the folder before it may be a symbolic link.
std::string JoinPath(absl::string_view folder, absl::string_view path);

// "/a" of "/a/b", "/" of "/a", "." of "a".
std::string FolderOf(absl::string_view path);

}  // namespace muster::host

#endif  // MUSTER_HOST_PATH_H_
