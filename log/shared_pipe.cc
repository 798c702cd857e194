#include "muster/log/shared_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"

namespace muster::log {

absl::StatusOr<SharedPipe> SharedPipe::Create() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return ipc::ErrnoStatus("pipe2");
  return SharedPipe(ipc::UniqueFd(ends[1]), ipc::UniqueFd(ends[0]));
}

ssize_t SharedPipe::Write(int fd, absl::string_view bytes) {
  // It is empty, so this is one buffer of it, which splice moves as a whole.
  const ssize_t size =
      ipc::RetryOnEintr([&] { return ::write(in_.get(), bytes.data(), bytes.size()); });
  if (size < 0) return size;
  const ssize_t moved = ipc::RetryOnEintr([&] {
    return ::splice(out_.get(), nullptr, fd, nullptr, static_cast<size_t>(size), SPLICE_F_NONBLOCK);
  });
  if (moved == size) return moved;
  const int error = errno;
  char left[PIPE_BUF];
  (void)!ipc::RetryOnEintr([&] { return ::read(out_.get(), left, sizeof(left)); });
  errno = error;
  return moved;
}

}  // namespace muster::log
