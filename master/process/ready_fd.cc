#include "muster/master/process/ready_fd.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <climits>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"

namespace muster::master {

absl::StatusOr<ReadyFd> ReadyFd::Adopt(int number) {
  const std::string what = absl::StrCat("--ready-fd ", number);
  const int flags = ::fcntl(number, F_GETFL);
  if (flags < 0) return ipc::ErrnoStatus(what);
  if ((flags & O_ACCMODE) == O_RDONLY) {
    return absl::InvalidArgumentError(absl::StrCat(what, ": is not open for writing"));
  }
  ipc::UniqueFd fd(number);
  if (::fcntl(number, F_SETFD, FD_CLOEXEC) < 0) return ipc::ErrnoStatus(what);
  return ReadyFd(std::move(fd));
}

absl::Status ReadyFd::Tell(const std::vector<std::string>& addresses) {
  if (!fd_.valid()) return absl::OkStatus();
  const ipc::UniqueFd fd = std::exchange(fd_, ipc::UniqueFd());
  const std::string line = absl::StrCat(absl::StrJoin(addresses, " "), "\n");
  for (absl::string_view left = line; !left.empty();) {
    // What a pipe has room for. Its description is others', too, so it must not get O_NONBLOCK.
    pollfd room = {.fd = fd.get(), .events = POLLOUT, .revents = 0};
    if (::poll(&room, 1, 0) == 0) {
      return absl::UnavailableError("write to --ready-fd: it is full, and nobody reads it");
    }
    const absl::string_view piece = left.substr(0, PIPE_BUF);
    const ssize_t written =
        ipc::RetryOnEintr([&] { return ::write(fd.get(), piece.data(), piece.size()); });
    if (written < 0) return ipc::ErrnoStatus("write to --ready-fd");
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace muster::master
