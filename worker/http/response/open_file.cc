#include "muster/worker/http/response/open_file.h"

namespace muster::worker::http {
namespace {

// Beyond the year 2262, which file systems may have, it wraps around.
std::int64_t Nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
                                   static_cast<std::uint64_t>(time.tv_nsec));
}

}  // namespace

FileIdentity IdentityOf(const struct stat& status) {
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size_bytes = static_cast<std::uint64_t>(status.st_size),
          .modified_nanoseconds = Nanoseconds(status.st_mtim),
          .changed_nanoseconds = Nanoseconds(status.st_ctim)};
}

std::optional<FileIdentity> IdentityOf(int fd) {
  struct stat status = {};
  if (::fstat(fd, &status) < 0) return std::nullopt;
  return IdentityOf(status);
}

}  // namespace muster::worker::http
