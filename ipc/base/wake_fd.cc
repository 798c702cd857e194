#include "muster/ipc/base/wake_fd.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "absl/status/statusor.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ipc {

absl::StatusOr<WakeFd> WakeFd::Create() {
  UniqueFd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd.valid()) return ErrnoStatus("eventfd");
  return WakeFd(std::move(fd));
}

void WakeFd::Notify(int fd) {
  const int saved_errno = errno;
  const std::uint64_t one = 1;
  RetryOnEintr([&] { return ::write(fd, &one, sizeof(one)); });
  errno = saved_errno;
}

std::uint64_t WakeFd::Drain() const {
  std::uint64_t count = 0;
  const ssize_t size = RetryOnEintr([&] { return ::read(fd_.get(), &count, sizeof(count)); });
  return size == sizeof(count) ? count : 0;
}

}  // namespace muster::ipc
