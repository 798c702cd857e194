#include "muster/log/target.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/log/inherited.h"

namespace muster::log {
namespace {

static_assert(Target::kPieceBytes <= PIPE_BUF);

constexpr int kFlags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

ipc::UniqueFd OpenPath(const std::string& path, int flags) {
  return ipc::UniqueFd(
      ipc::RetryOnEintr([&] { return ::open(path.c_str(), flags | kFlags, 0644); }));
}

// Opening the device of new terminals again makes a new terminal.
bool IsTerminalMaker(const struct stat& status) {
  return major(status.st_rdev) == 5 && minor(status.st_rdev) == 2;
}

// A description of our own of what `number` is. Invalid: that cannot be had, for instance because
// another user made the pipe.
ipc::UniqueFd OpenAnew(int number, const struct stat& status) {
  if (S_ISCHR(status.st_mode) && IsTerminalMaker(status)) return ipc::UniqueFd();
  ipc::UniqueFd own = OpenPath(absl::StrCat("/proc/self/fd/", number), O_WRONLY);
  struct stat opened;
  const bool is_same = own.valid() && ::fstat(own.get(), &opened) == 0 &&
                       opened.st_dev == status.st_dev && opened.st_ino == status.st_ino;
  return is_same ? std::move(own) : ipc::UniqueFd();
}

}  // namespace

absl::StatusOr<Target> Target::Open(const std::string& path) {
  const std::string what = absl::StrCat("open ", path);
  if (const std::optional<int> number = InheritedDescriptor(path); number.has_value()) {
    absl::StatusOr<Target> target = OfInherited(WhereInherited(*number), path);
    return target.ok() ? std::move(target)
                       : absl::StatusOr<Target>(ipc::Annotate(target.status(), what));
  }
  struct stat status;
  if (::stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode)) return OpenFifo(path);
  ipc::UniqueFd fd = OpenPath(path, O_WRONLY | O_APPEND | O_CREAT);
  if (!fd.valid()) return ipc::ErrnoStatus(what);
  if (::fstat(fd.get(), &status) < 0) return ipc::ErrnoStatus(absl::StrCat("fstat ", path));
  if (S_ISREG(status.st_mode)) return Target(Kind::kFile, std::move(fd), path);
  if (S_ISCHR(status.st_mode)) return Target(Kind::kDevice, std::move(fd), path);
  // It became one since.
  if (S_ISFIFO(status.st_mode)) return Target(Kind::kPipe, std::move(fd), path);
  return absl::InvalidArgumentError(
      absl::StrCat(what, ": it is not a file, a FIFO or a character device"));
}

absl::StatusOr<Target> Target::OpenFifo(const std::string& path) {
  ipc::UniqueFd fd = OpenPath(path, O_RDWR);
  if (!fd.valid() && errno == EACCES) fd = OpenPath(path, O_WRONLY);
  if (!fd.valid() && errno != ENXIO) return ipc::ErrnoStatus(absl::StrCat("open ", path));
  return Target(Kind::kPipe, std::move(fd), path);
}

absl::StatusOr<Target> Target::Adopt(ipc::UniqueFd fd, std::string name) {
  if (!fd.valid()) return Target(Kind::kPipe, std::move(fd), std::move(name));
  struct stat status;
  if (::fstat(fd.get(), &status) < 0) return ipc::ErrnoStatus(absl::StrCat("fstat ", name));
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": is not open for writing"));
  }
  if (S_ISREG(status.st_mode)) return Target(Kind::kFile, std::move(fd), std::move(name));
  // Without it a write would wait. It is the description's, so it is not set here.
  if ((flags & O_NONBLOCK) != 0 && S_ISFIFO(status.st_mode)) {
    return Target(Kind::kPipe, std::move(fd), std::move(name));
  }
  if ((flags & O_NONBLOCK) != 0 && S_ISCHR(status.st_mode)) {
    return Target(Kind::kDevice, std::move(fd), std::move(name));
  }
  return absl::InvalidArgumentError(absl::StrCat(name, ": is nothing that a log was opened for"));
}

absl::StatusOr<Target> Target::OfInherited(int number, std::string name) {
  struct stat status;
  if (::fstat(number, &status) < 0) {
    return ipc::ErrnoStatus(absl::StrCat("descriptor ", number));
  }
  const bool is_pipe = S_ISFIFO(status.st_mode);
  if (is_pipe || S_ISCHR(status.st_mode)) {
    ipc::UniqueFd own = OpenAnew(number, status);
    if (own.valid()) {
      Target target(is_pipe ? Kind::kPipe : Kind::kDevice, std::move(own), std::move(name));
      target.is_inherited_ = true;
      return target;
    }
  }
  MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd shared, ipc::DuplicateFd(number));
  // A file keeps the offset that it shares with others, if it was not opened to append.
  Kind kind = Kind::kSharedDevice;
  if (S_ISREG(status.st_mode)) kind = Kind::kFile;
  if (S_ISSOCK(status.st_mode)) kind = Kind::kSocket;
  if (is_pipe) kind = Kind::kSharedPipe;
  Target target(kind, std::move(shared), std::move(name));
  target.is_inherited_ = true;
  if (is_pipe) {
    MUSTER_ASSIGN_OR_RETURN(target.shared_pipe_, SharedPipe::Create());
  }
  return target;
}

ssize_t Target::Write(absl::string_view bytes) {
  if (!fd_.valid()) {
    fd_ = OpenPath(name_, O_WRONLY);
    if (!fd_.valid()) return -1;
  }
  switch (kind_) {
    case Kind::kFile:
    case Kind::kPipe:
    case Kind::kDevice:
      break;
    case Kind::kSharedPipe:
      return shared_pipe_->Write(fd_.get(), bytes);
    case Kind::kSocket:
      return ipc::RetryOnEintr([&] {
        return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      });
    case Kind::kSharedDevice: {
      pollfd wait = {fd_.get(), POLLOUT, 0};
      if (::poll(&wait, 1, 0) == 0) {
        errno = EAGAIN;
        return -1;
      }
      break;
    }
  }
  return ipc::RetryOnEintr([&] { return ::write(fd_.get(), bytes.data(), bytes.size()); });
}

bool Target::TakeBack(std::size_t bytes) {
  if (kind_ != Kind::kFile) return false;
  struct stat status;
  const off_t end = ::lseek(fd_.get(), 0, SEEK_CUR);
  if (end < static_cast<off_t>(bytes) || ::fstat(fd_.get(), &status) < 0 || status.st_size != end) {
    return false;
  }
  const off_t whole = end - static_cast<off_t>(bytes);
  return ::ftruncate(fd_.get(), whole) == 0 && ::lseek(fd_.get(), whole, SEEK_SET) == whole;
}

ipc::UniqueFd Target::Release() && { return own_fd() < 0 ? ipc::UniqueFd() : std::move(fd_); }

int Target::own_fd() const {
  const bool is_own = kind_ == Kind::kFile || kind_ == Kind::kPipe || kind_ == Kind::kDevice;
  return is_own && fd_.valid() ? fd_.get() : -1;
}

}  // namespace muster::log
