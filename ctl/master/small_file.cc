#include "muster/ctl/master/small_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ctl {
namespace {

constexpr std::size_t kMostBytes = 1 << 20;

}  // namespace

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  // A FIFO without a writer does not hold up the program.
  const ipc::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.valid()) return ipc::ErrnoStatus(absl::StrCat("open ", path));
  struct stat status = {};
  if (::fstat(file.get(), &status) == -1) return ipc::ErrnoStatus(absl::StrCat("stat ", path));
  if (!S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is not a file"));
  }
  std::string text(kMostBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ipc::RetryOnEintr(
        [&] { return ::read(file.get(), text.data() + size, text.size() - size); });
    if (got == -1) return ipc::ErrnoStatus(absl::StrCat("read ", path));
    if (got == 0) break;
    size += got;
  }
  if (size > kMostBytes) {
    return absl::InvalidArgumentError(absl::StrCat(path, " has more than ", kMostBytes, " bytes"));
  }
  text.resize(size);
  return text;
}

}  // namespace muster::ctl
