#include "muster/ipc/testing/open_fds.h"

#include <dirent.h>

#include "muster/ipc/base/check.h"

namespace muster::ipc {

int CountOpenFds() {
  DIR* const folder = ::opendir("/proc/self/fd");
  MUSTER_CHECK(folder != nullptr, "opendir /proc/self/fd");
  int count = 0;
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count - 3;  // ".", ".." and the folder itself
}

}  // namespace muster::ipc
