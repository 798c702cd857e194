#include "muster/host/path.h"

#include <cstddef>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace muster::host {

std::string JoinPath(absl::string_view folder, absl::string_view path) {
  const std::string joined =
      absl::StartsWith(path, "/") ? std::string(path) : absl::StrCat(folder, "/", path);
  std::vector<absl::string_view> parts;
  for (absl::string_view part : absl::StrSplit(joined, '/', absl::SkipEmpty())) {
    if (part != ".") parts.push_back(part);
  }
  return absl::StrCat(absl::StartsWith(joined, "/") ? "/" : "", absl::StrJoin(parts, "/"));
}

std::string FolderOf(absl::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return ".";
  return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

}  // namespace muster::host
