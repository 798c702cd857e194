#ifndef MUSTER_WORKER_HTTP_RESPONSE_OPEN_FILE_H_
#define MUSTER_WORKER_HTTP_RESPONSE_OPEN_FILE_H_

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>

#include "muster/ipc/base/unique_fd.h"

namespace muster::worker::http {

// Which file it is and of which time: another content has another one, unless it was written
// within the same tick of the kernel's clock.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size_bytes = 0;
  std::int64_t modified_nanoseconds = 0;
  std::int64_t changed_nanoseconds = 0;  // of the inode, which nobody can set back

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

// A regular file, open for reading, as it was when it was opened.
struct OpenFile {
  ipc::UniqueFd fd;
  FileIdentity identity;
  std::uint64_t size_bytes = 0;
  std::int64_t modified_seconds = 0;
  std::string name;  // the last part of its path
};

FileIdentity IdentityOf(const struct stat& status);
// None: fstat failed.
std::optional<FileIdentity> IdentityOf(int fd);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_RESPONSE_OPEN_FILE_H_
