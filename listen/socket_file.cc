#include "muster/listen/socket_file.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::listen {
namespace {

// The id of a socket on which nobody answers: it outlives a process that was killed. Nothing: there
// is no such file.
std::optional<host::FileId> LeftBehind(const Address& address) {
  struct stat status = {};
  if (::lstat(address.path().c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) {
    return std::nullopt;
  }
  const ipc::UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(probe.get(), address.get(), address.size()) == 0 || errno != ECONNREFUSED) {
    return std::nullopt;
  }
  return host::FileId{status.st_dev, status.st_ino};
}

absl::Status InUse(const Address& address) {
  struct stat status = {};
  const bool is_other = ::lstat(address.path().c_str(), &status) == 0 && !S_ISSOCK(status.st_mode);
  return absl::AlreadyExistsError(
      absl::StrCat("bind ", address.ToString(), ": Address already in use; ",
                   is_other ? "the file there is no socket" : "another process listens there"));
}

}  // namespace

absl::StatusOr<SocketFile> SocketFile::Bind(int fd, const Address& address,
                                            const SocketRights& rights) {
  // The kernel makes the file with this mode, or with less of it.
  if (::fchmod(fd, rights.mode) != 0) {
    return ipc::ErrnoStatus(absl::StrCat("fchmod of a socket for ", address.ToString()));
  }
  int error = ::bind(fd, address.get(), address.size()) == 0 ? 0 : errno;
  if (error == EADDRINUSE) {
    const std::optional<host::FileId> left = LeftBehind(address);
    if (left.has_value() && host::FileId::AtPath(address.path()) == left) {
      ::unlink(address.path().c_str());
      error = ::bind(fd, address.get(), address.size()) == 0 ? 0 : errno;
    }
  }
  if (error == EADDRINUSE) return InUse(address);
  if (error != 0) return ipc::ErrnoStatus(absl::StrCat("bind ", address.ToString()), error);
  struct stat status = {};
  if (::lstat(address.path().c_str(), &status) != 0) {
    return ipc::ErrnoStatus(absl::StrCat("stat ", address.ToString()));
  }
  SocketFile file(address.path(), {status.st_dev, status.st_ino}, status.st_uid, status.st_gid);
  file.rights_.mode = status.st_mode & 0777;
  file.Own();
  MUSTER_RETURN_IF_ERROR(file.SetRights(rights));
  return file;
}

absl::Status SocketFile::Probe(const Address& address) {
  if (!host::FileId::AtPath(address.path()).has_value() || LeftBehind(address).has_value()) {
    return absl::OkStatus();
  }
  return InUse(address);
}

SocketFile::SocketFile(SocketFile&& other) noexcept
    : path_(std::exchange(other.path_, std::string())),
      owner_(other.owner_),
      is_shared_(other.is_shared_),
      id_(other.id_),
      first_owner_(other.first_owner_),
      first_group_(other.first_group_),
      rights_(other.rights_) {}

SocketFile::~SocketFile() { Remove(); }

void SocketFile::Remove() {
  if (!path_.empty() && owner_ == ::getpid() && IsThere()) ::unlink(path_.c_str());
}

SocketFile SocketFile::Restore(const Address& address, const Saved& saved, bool is_shared) {
  SocketFile file(address.path(), saved.id, saved.first_owner, saved.first_group);
  file.rights_ = saved.rights;
  file.is_shared_ = is_shared;
  return file;
}

absl::StatusOr<SocketFile> SocketFile::Adopt(const Address& address, bool is_shared) {
  struct stat status = {};
  if (::lstat(address.path().c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat("listens on ", address.ToString(), ", and its file is gone"));
  }
  SocketFile file(address.path(), {status.st_dev, status.st_ino}, status.st_uid, status.st_gid);
  file.rights_.mode = status.st_mode & 0777;
  file.is_shared_ = is_shared;
  return file;
}

void SocketFile::Own() {
  if (!is_shared_) owner_ = ::getpid();
}

bool SocketFile::IsThere() const { return host::FileId::AtPath(path_) == id_; }

absl::Status SocketFile::Gone() const {
  return absl::NotFoundError(absl::StrCat("unix:", path_, ": its file was removed or replaced"));
}

absl::Status SocketFile::SetRights(const SocketRights& rights) {
  if (rights == rights_ || is_shared_) return absl::OkStatus();
  // From here on the path may lead elsewhere: what is opened is what is changed.
  const ipc::UniqueFd file(::open(path_.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!file.valid() || host::FileId::OfDescriptor(file.get()) != id_) {
    return Gone();
  }
  if (const absl::Status status = Apply(file.get(), rights); !status.ok()) {
    (void)Apply(file.get(), rights_);
    return status;
  }
  rights_ = rights;
  return absl::OkStatus();
}

absl::Status SocketFile::Apply(int file, const SocketRights& rights) const {
  const uid_t owner = rights.owner.value_or(first_owner_);
  const gid_t group = rights.group.value_or(first_group_);
  // Nobody has at any time what neither the old nor the new rights give him.
  MUSTER_RETURN_IF_ERROR(SetMode(file, rights.mode & rights_.mode));
  if (::fchownat(file, "", owner, group, AT_EMPTY_PATH) != 0) {
    return ipc::ErrnoStatus(absl::StrCat("chown unix:", path_, " to ", owner, ":", group));
  }
  return SetMode(file, rights.mode);
}

absl::Status SocketFile::SetMode(int file, mode_t mode) const {
  // A descriptor that only names a file cannot be given to fchmod.
  if (::chmod(absl::StrCat("/proc/self/fd/", file).c_str(), mode) == 0) return absl::OkStatus();
  return ipc::ErrnoStatus(absl::StrCat("chmod unix:", path_));
}

}  // namespace muster::listen
