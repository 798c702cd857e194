#include "muster/ipc/base/unique_fd.h"

#include <fcntl.h>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"

namespace muster::ipc {

absl::StatusOr<UniqueFd> DuplicateFd(int fd) {
  UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return ErrnoStatus(absl::StrCat("fcntl F_DUPFD_CLOEXEC ", fd));
  return copy;
}

}  // namespace muster::ipc
