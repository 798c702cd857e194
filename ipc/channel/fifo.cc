#include "muster/ipc/channel/fifo.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/named_file.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/trusted_owner.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/pipe.h"

namespace muster::ipc {

absl::StatusOr<Fifo> Fifo::Create(absl::string_view path) {
  std::string name(path);
  if (::mkfifo(name.c_str(), 0600) < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("mkfifo ", path), error);
  }
  struct stat made;
  if (::lstat(name.c_str(), &made) < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("lstat ", path), error);
  }
  return Fifo(std::move(name), made.st_dev, made.st_ino);
}

Fifo::~Fifo() {
  if (path_.empty() || !origin_.IsThisOne()) return;
  struct stat found;
  if (::lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
}

absl::StatusOr<PipeReader> Fifo::OpenReader(absl::string_view path, const TrustedOwner& trusted) {
  MUSTER_ASSIGN_OR_RETURN(UniqueFd fd,
                          OpenNamedFile(std::string(path), O_RDONLY, S_IFIFO, trusted));
  auto reader = PipeReader::Adopt(std::move(fd));
  if (!reader.ok()) return Annotate(reader.status(), path);
  return reader;
}

absl::StatusOr<PipeWriter> Fifo::OpenWriter(absl::string_view path, const TrustedOwner& trusted) {
  const std::string name(path);
  UniqueFd fd(OpenName(name, O_WRONLY));
  if (!fd.valid() && errno == ENXIO) {
    return absl::FailedPreconditionError(
        absl::StrCat("open ", path, " for writing: nobody reads it"));
  }
  if (!fd.valid()) return OpenNameError(name);
  MUSTER_RETURN_IF_ERROR(CheckNamedFile(fd.get(), name, S_IFIFO, trusted));
  auto writer = PipeWriter::Adopt(std::move(fd));
  if (!writer.ok()) return Annotate(writer.status(), path);
  return writer;
}

}  // namespace muster::ipc
