#include "muster/ipc/base/readiness.h"

#include <poll.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"

namespace muster::ipc {

absl::StatusOr<bool> AwaitReadiness(int fd, short events, Deadline deadline) {
  while (true) {
    pollfd request = {fd, events, 0};
    const int count = ::poll(&request, 1, deadline.poll_timeout());
    if (count > 0) return true;
    if (count < 0 && errno != EINTR) {
      const int error = errno;
      return ErrnoStatus(absl::StrCat("poll descriptor ", fd), error);
    }
    // It comes back early after a signal, and where the time is more than it can count.
    if (deadline.has_passed()) return false;
  }
}

}  // namespace muster::ipc
