#include "muster/master/process/ready_fd.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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
  const ssize_t written =
      ipc::RetryOnEintr([&] { return ::write(fd.get(), line.data(), line.size()); });
  if (written < 0) return ipc::ErrnoStatus("write to --ready-fd");
  return absl::OkStatus();
}

}  // namespace muster::master
