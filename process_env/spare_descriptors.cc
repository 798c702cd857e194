#include "muster/process_env/spare_descriptors.h"

#include <dirent.h>
#include <sys/resource.h>

#include <memory>

#include "muster/ipc/base/status.h"

namespace muster::process_env {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

}  // namespace

absl::StatusOr<std::uint64_t> SpareDescriptors() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return ipc::ErrnoStatus("getrlimit RLIMIT_NOFILE");
  const std::unique_ptr<DIR, CloseFolder> folder(::opendir("/proc/self/fd"));
  if (folder == nullptr) return ipc::ErrnoStatus("open /proc/self/fd");
  std::uint64_t open = 0;
  while (const dirent* entry = ::readdir(folder.get())) open += entry->d_name[0] != '.' ? 1 : 0;
  open -= 1;  // the folder itself
  return limit.rlim_cur > open ? limit.rlim_cur - open : 0;
}

}  // namespace muster::process_env
