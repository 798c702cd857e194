#include "muster/master/keep/descriptor_inheritance.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/master/keep/state_error.h"

namespace muster::master {

absl::Status DescriptorInheritance::Take(int fd, absl::string_view field) {
  if (const auto other = taken_.find(fd); other != taken_.end()) {
    return StateError(field, absl::StrCat("descriptor ", fd, " is that of ", other->second));
  }
  if (left_.count(fd) == 0) {
    return StateError(field, absl::StrCat("descriptor ", fd, " was not passed on"));
  }
  if (::fcntl(fd, F_GETFD) < 0) {
    return StateError(field, absl::StrCat("descriptor ", fd, " is not open"));
  }
  left_.erase(fd);
  taken_.emplace(fd, field);
  return absl::OkStatus();
}

absl::StatusOr<ipc::UniqueFd> DescriptorInheritance::Adopt(int fd, absl::string_view field) {
  MUSTER_RETURN_IF_ERROR(Take(fd, field));
  // Not among the standard ones, if one of them is closed.
  ipc::UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!copy.valid()) return ipc::ErrnoStatus(absl::StrCat(field, ": duplicate descriptor ", fd));
  return copy;
}

absl::StatusOr<int> DescriptorInheritance::Borrow(int fd, absl::string_view field) {
  MUSTER_RETURN_IF_ERROR(Take(fd, field));
  borrowed_.insert(fd);
  return fd;
}

void DescriptorInheritance::Settle() {
  for (const int fd : std::exchange(left_, {})) ::close(fd);
  for (const auto& [fd, field] : std::exchange(taken_, {})) {
    if (borrowed_.count(fd) != 0) {
      ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    } else {
      ::close(fd);
    }
  }
  borrowed_.clear();
}

}  // namespace muster::master
