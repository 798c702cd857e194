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
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/pipe.h"

namespace muster::ipc {

absl::StatusOr<Fifo> Fifo::Create(absl::string_view path) {
  std::string name(path);
  if (::mkfifo(name.c_str(), 0600) < 0) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("mkfifo ", path), error);
  }
  return Fifo(std::move(name));
}

Fifo::~Fifo() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

absl::StatusOr<PipeReader> Fifo::OpenReader(absl::string_view path) {
  UniqueFd fd(::open(std::string(path).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!fd.valid()) {
    const int error = errno;
    return ErrnoStatus(absl::StrCat("open ", path, " for reading"), error);
  }
  auto reader = PipeReader::Adopt(std::move(fd));
  if (!reader.ok()) return Annotate(reader.status(), path);
  return reader;
}

absl::StatusOr<PipeWriter> Fifo::OpenWriter(absl::string_view path) {
  UniqueFd fd(::open(std::string(path).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!fd.valid()) {
    const int error = errno;
    if (error == ENXIO) {
      return absl::FailedPreconditionError(
          absl::StrCat("open ", path, " for writing: nobody reads it"));
    }
    return ErrnoStatus(absl::StrCat("open ", path, " for writing"), error);
  }
  auto writer = PipeWriter::Adopt(std::move(fd));
  if (!writer.ok()) return Annotate(writer.status(), path);
  return writer;
}

}  // namespace muster::ipc
