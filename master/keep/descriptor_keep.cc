#include "muster/master/keep/descriptor_keep.h"

#include <fcntl.h>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"

namespace muster::master {
namespace {

absl::Status SetCloseOnExec(const std::set<int>& numbers, bool is_closed) {
  absl::Status status;
  for (const int number : numbers) {
    if (::fcntl(number, F_SETFD, is_closed ? FD_CLOEXEC : 0) == 0) continue;
    status.Update(ipc::ErrnoStatus(absl::StrCat("descriptor ", number)));
  }
  return status;
}

}  // namespace

int DescriptorKeep::Add(int fd) {
  if (fd >= 0) numbers_.insert(fd);
  return fd;
}

absl::Status DescriptorKeep::Pass() const {
  const absl::Status status = SetCloseOnExec(numbers_, false);
  if (!status.ok()) (void)Withhold();
  return status;
}

absl::Status DescriptorKeep::Withhold() const { return SetCloseOnExec(numbers_, true); }

}  // namespace muster::master
