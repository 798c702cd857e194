#include "muster/master/upgrade/program_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "muster/host/wait_note.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/trusted_owner.h"

namespace muster::master {
namespace {

bool IsElf(int fd) {
  constexpr char kMagic[] = {0x7f, 'E', 'L', 'F'};
  char begin[sizeof(kMagic)];
  const ssize_t size = ipc::RetryOnEintr([&] { return ::pread(fd, begin, sizeof(begin), 0); });
  return size == sizeof(begin) && std::memcmp(begin, kMagic, sizeof(begin)) == 0;
}

}  // namespace

absl::StatusOr<ProgramFile> ProgramFile::Open(const std::string& path) {
  const host::WaitNote note("opening", path);
  if (path.empty() || path.front() != '/') {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is no absolute path"));
  }
  // Not to wait for the other end of a FIFO.
  ipc::UniqueFd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file.valid()) return ipc::ErrnoStatus(path);
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) return ipc::ErrnoStatus(absl::StrCat("fstat ", path));
  if (!S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is no regular file"));
  }
  MUSTER_RETURN_IF_ERROR(ipc::CheckOwner(path, status.st_uid, status.st_mode, {}));
  if (::faccessat(file.get(), "", X_OK, AT_EACCESS | AT_EMPTY_PATH) != 0) {
    return ipc::ErrnoStatus(absl::StrCat(path, ": cannot be executed"));
  }
  if (!IsElf(file.get())) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": is no program of this machine; a script cannot take a master's place"));
  }
  return Adopt(std::move(file), path);
}

absl::Status ProgramFile::CheckTrusted(const std::string& path, int fd) {
  struct stat status = {};
  if (::fstat(fd, &status) != 0) return ipc::ErrnoStatus(absl::StrCat("fstat ", path));
  return ipc::CheckOwner(path, status.st_uid, status.st_mode, {});
}

absl::StatusOr<ProgramFile> ProgramFile::OpenOwn(std::string path) {
  ipc::UniqueFd file(::open("/proc/self/exe", O_PATH | O_CLOEXEC));
  if (!file.valid()) return ipc::ErrnoStatus("open /proc/self/exe");
  return Adopt(std::move(file), std::move(path));
}

absl::StatusOr<ProgramFile> ProgramFile::Adopt(ipc::UniqueFd file, std::string path) {
  ProgramFile program(std::move(path), std::move(file));
  struct stat status = {};
  if (::fstat(program.fd(), &status) != 0) {
    return ipc::ErrnoStatus(absl::StrCat("fstat ", program.path_));
  }
  program.modified_ = status.st_mtim;
  program.size_bytes_ = status.st_size;
  return program;
}

absl::Status ProgramFile::CheckUnchanged() const {
  struct stat status = {};
  if (::fstat(fd(), &status) != 0) return ipc::ErrnoStatus(absl::StrCat("fstat ", path_));
  if (status.st_mtim.tv_sec == modified_.tv_sec && status.st_mtim.tv_nsec == modified_.tv_nsec &&
      status.st_size == size_bytes_) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      path_,
      ": was written to since it was opened. Replace a program by renaming a new file to its "
      "path"));
}

absl::StatusOr<std::string> OwnProgramPath() {
  std::string path(4096, '\0');
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size < 0) return ipc::ErrnoStatus("readlink /proc/self/exe");
  path.resize(static_cast<std::size_t>(size));
  return std::string(absl::StripSuffix(path, " (deleted)"));
}

}  // namespace muster::master
