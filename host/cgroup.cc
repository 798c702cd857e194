#include "muster/host/cgroup.h"

#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "muster/host/path.h"

namespace muster::host {

std::string OwnCgroup() {
  std::ifstream stream("/proc/self/cgroup");
  std::string line;
  while (std::getline(stream, line)) {
    absl::string_view path = line;
    if (absl::ConsumePrefix(&path, "0::")) return JoinPath(kCgroupRoot, path.substr(1));
  }
  return "";
}

std::vector<std::string> CgroupsAround(const std::string& root, std::string folder) {
  std::vector<std::string> folders;
  while (absl::StartsWith(folder, root)) {
    folders.push_back(folder);
    if (folder == root) break;
    folder = FolderOf(folder);
  }
  return folders;
}

}  // namespace muster::host
