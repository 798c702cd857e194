#include "muster/master/systemd/passed_descriptors.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/master/systemd/passed_names.h"

namespace muster::master {

std::string PassedDescriptors::One::Describe() const {
  return absl::StrCat("descriptor ", fd.get(), " (", absl::CHexEscape(name), ")");
}

absl::StatusOr<PassedDescriptors> PassedDescriptors::Take() {
  absl::StatusOr<PassedNames> read = ReadPassedNames(
      {::getenv("LISTEN_PID"), ::getenv("LISTEN_FDS"), ::getenv("LISTEN_FDNAMES")}, ::getpid());
  for (const char* name : {"LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
    ::unsetenv(name);
  }
  if (!read.ok()) return read.status();
  PassedDescriptors passed;
  passed.ignored = std::move(read->ignored);
  for (std::size_t i = 0; i < read->names.size(); ++i) {
    const int fd = kFirstPassed + static_cast<int>(i);
    // One that exec closes is of this program, whose libraries open some at its start.
    const int flags = ::fcntl(fd, F_GETFD);
    if (flags < 0 || (flags & FD_CLOEXEC) != 0 || ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("LISTEN_FDS is ", read->names.size(), ", but descriptor ", fd, " (",
                       absl::CHexEscape(read->names[i]), ") is not open"));
    }
    passed.all.push_back({ipc::UniqueFd(fd), std::move(read->names[i])});
  }
  return passed;
}

}  // namespace muster::master
