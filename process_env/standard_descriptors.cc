#include "muster/process_env/standard_descriptors.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::process_env {

absl::Status OpenStandardDescriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    // All lower numbers are open, so the kernel takes this one. Children shall have it too.
    if (::open("/dev/null", O_RDWR | O_NOCTTY) < 0) return ipc::ErrnoStatus("open /dev/null");
  }
  return absl::OkStatus();
}

absl::Status CloseStandardDescriptors() {
  const ipc::UniqueFd null(::open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!null.valid()) return ipc::ErrnoStatus("open /dev/null");
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::dup2(null.get(), fd) < 0) return ipc::ErrnoStatus(absl::StrCat("dup2 to ", fd));
  }
  return absl::OkStatus();
}

}  // namespace muster::process_env
