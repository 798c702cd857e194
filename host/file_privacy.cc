#include "muster/host/file_privacy.h"

#include <sys/stat.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "muster/host/wait_note.h"

namespace muster::host {
namespace {

namespace fs = std::filesystem;

// Whether everybody may pass all folders above `path`, which has no symbolic links.
bool IsWithinReach(const fs::path& path) {
  for (fs::path folder = path.parent_path();; folder = folder.parent_path()) {
    struct stat status = {};
    if (::stat(folder.c_str(), &status) != 0 || (status.st_mode & S_IXOTH) == 0) return false;
    if (folder == folder.root_path()) return true;
  }
}

}  // namespace

std::string WhyNotPrivate(const std::string& path) {
  const WaitNote note("looking at", path);
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0 || (status.st_mode & S_IROTH) == 0) return "";
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (error || !IsWithinReach(real)) return "";
  return absl::StrCat(path, " has mode ", absl::StrFormat("%04o", status.st_mode & 07777),
                      ": every user of this machine can read it");
}

}  // namespace muster::host
