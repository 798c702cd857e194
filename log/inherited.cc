#include "muster/log/inherited.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::log {
namespace {

// As many symbolic links as the kernel follows.
constexpr int kMostLinks = 40;

// Of the standard error that was inherited, once another has its number.
int kept_standard_error = -1;
// That other.
struct stat replacement = {};

bool IsReplaced() {
  struct stat status;
  return kept_standard_error >= 0 && ::fstat(STDERR_FILENO, &status) == 0 &&
         status.st_dev == replacement.st_dev && status.st_ino == replacement.st_ino;
}

std::optional<int> DescriptorNamedBy(absl::string_view path) {
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  if (!absl::ConsumePrefix(&path, "/dev/fd/") && !absl::ConsumePrefix(&path, "/proc/self/fd/") &&
      !absl::ConsumePrefix(&path, "/proc/thread-self/fd/")) {
    return std::nullopt;
  }
  int number = -1;
  const bool is_output =
      absl::SimpleAtoi(path, &number) && (number == STDOUT_FILENO || number == STDERR_FILENO);
  return is_output ? std::optional<int>(number) : std::nullopt;
}

}  // namespace

std::optional<int> InheritedDescriptor(const std::string& path) {
  std::filesystem::path at = std::filesystem::path(path).lexically_normal();
  for (int links = 0; links <= kMostLinks; ++links) {
    if (const std::optional<int> number = DescriptorNamedBy(at.native())) return number;
    std::error_code error;
    const std::filesystem::path target = std::filesystem::read_symlink(at, error);
    if (error) return std::nullopt;  // it is no link
    at = (at.parent_path() / target).lexically_normal();
  }
  return std::nullopt;
}

absl::Status ReplaceStandardError(int fd) {
  if (!IsReplaced()) {
    auto kept = ipc::DuplicateFd(STDERR_FILENO);
    if (kept_standard_error >= 0) ::close(kept_standard_error);
    // Without one there is nothing to keep.
    kept_standard_error = kept.ok() ? kept->release() : -1;
  }
  if (::fstat(fd, &replacement) < 0 ||
      ipc::RetryOnEintr([&] { return ::dup2(fd, STDERR_FILENO); }) < 0) {
    return ipc::ErrnoStatus(absl::StrCat("dup2 ", fd, " to standard error"));
  }
  return absl::OkStatus();
}

int WhereInherited(int number) {
  return number == STDERR_FILENO && IsReplaced() ? kept_standard_error : number;
}

}  // namespace muster::log
