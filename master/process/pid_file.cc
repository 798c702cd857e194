#include "muster/master/process/pid_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "muster/host/file_id.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/master/keep/state_error.h"

namespace muster::master {
namespace {

// Of the master, not of a thread or a child of it.
constexpr ipc::FileLockOwner kOwner = ipc::FileLockOwner::kProcess;

}  // namespace

absl::StatusOr<PidFile> PidFile::Lock(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return ipc::ErrnoStatus(absl::StrCat("make the folder ", folder.string()), error.value());
  }
  MUSTER_ASSIGN_OR_RETURN(ipc::FileLock lock, ipc::FileLock::Open(path + ".lock", kOwner));
  MUSTER_ASSIGN_OR_RETURN(const bool is_ours, lock.TryLock());
  if (!is_ours) {
    MUSTER_ASSIGN_OR_RETURN(const std::optional<pid_t> holder, lock.FindHolder());
    return absl::AlreadyExistsError(absl::StrCat(
        "another master", holder.has_value() ? absl::StrCat(" (pid ", *holder, ")") : "",
        " already runs this configuration; \"ctl reload\" makes it read the file again, and a "
        "second "
        "master needs a --prefix of its own"));
  }
  PidFile pid_file(path);
  pid_file.lock_.emplace(std::move(lock));
  return pid_file;
}

PidFile::PidFile(PidFile&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::exchange(other.lock_, std::nullopt)),
      inherited_lock_(std::move(other.inherited_lock_)),
      is_trial_(other.is_trial_),
      written_(std::move(other.written_)) {}

PidFile::~PidFile() {
  if (is_trial_) {
    // To close it would drop the lock.
    (void)inherited_lock_.release();
    return;
  }
  if (written_.valid() &&
      host::FileId::AtPath(path_) == host::FileId::OfDescriptor(written_.get())) {
    ::unlink(path_.c_str());
  }
}

absl::Status PidFile::Write() {
  const std::string temporary = path_ + ".new";
  const std::string text = absl::StrCat(::getpid(), "\n");
  ipc::UniqueFd fd(::open(
      temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644));
  if (!fd.valid()) return ipc::ErrnoStatus(absl::StrCat("open ", temporary));
  const ssize_t written =
      ipc::RetryOnEintr([&] { return ::write(fd.get(), text.data(), text.size()); });
  if (written != static_cast<ssize_t>(text.size())) {
    return ipc::ErrnoStatus(absl::StrCat("write ", temporary), written < 0 ? errno : ENOSPC);
  }
  if (std::rename(temporary.c_str(), path_.c_str()) != 0) {
    return ipc::ErrnoStatus(absl::StrCat("rename ", temporary, " to ", path_));
  }
  written_ = std::move(fd);
  return absl::OkStatus();
}

absl::StatusOr<pid_t> PidFile::Read(const std::string& path) {
  const ipc::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.valid()) return ipc::ErrnoStatus(absl::StrCat("open ", path));
  char text[32];
  const ssize_t size = ipc::RetryOnEintr([&] { return ::read(fd.get(), text, sizeof(text)); });
  if (size < 0) return ipc::ErrnoStatus(absl::StrCat("read ", path));
  pid_t pid = 0;
  const absl::string_view word =
      absl::StripAsciiWhitespace(absl::string_view(text, static_cast<std::size_t>(size)));
  if (!absl::SimpleAtoi(word, &pid) || pid <= 0) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": \"", word, "\" is not a pid"));
  }
  return pid;
}

absl::StatusOr<std::optional<pid_t>> PidFile::FindHolder(const std::string& path) {
  // To ask, the file need not be open for writing. This process holds no lock that closing it
  // drops.
  const ipc::UniqueFd fd(
      ::open((path + ".lock").c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.valid()) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return ipc::ErrnoStatus(absl::StrCat("open ", path, ".lock"));
  }
  struct flock request = {};
  request.l_type = F_WRLCK;
  request.l_whence = SEEK_SET;
  if (::fcntl(fd.get(), F_GETLK, &request) < 0) {
    return ipc::ErrnoStatus(absl::StrCat("query lock on ", path, ".lock"));
  }
  if (request.l_type == F_UNLCK) return std::nullopt;
  return request.l_pid;
}

absl::StatusOr<ipc::PidFd> PidFile::FindMaster(const std::string& path) {
  MUSTER_ASSIGN_OR_RETURN(const std::optional<pid_t> holder, FindHolder(path));
  const absl::StatusOr<pid_t> named = Read(path);
  if (!named.ok() && !absl::IsNotFound(named.status())) return named.status();
  if (!holder.has_value()) {
    return absl::NotFoundError(
        named.ok() ? absl::StrCat("no master runs: process ", *named, ", which ", path,
                                  " names, has not locked it, and was sent nothing")
                   : absl::StrCat("no master runs: there is no ", path));
  }
  if (*holder == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("the master that has locked ", path, " runs in another pid namespace"));
  }
  if (!named.ok() || *named != *holder) {
    return absl::FailedPreconditionError(
        absl::StrCat("process ", *holder, " has locked ", path, ", which ",
                     named.ok() ? absl::StrCat("names process ", *named) : "does not exist yet",
                     "; no process was sent anything. If a master is just starting, try again"));
  }
  MUSTER_ASSIGN_OR_RETURN(ipc::PidFd master, ipc::PidFd::Open(*holder));
  // It may have ended, and its pid be another's, before the descriptor was there.
  MUSTER_ASSIGN_OR_RETURN(const std::optional<pid_t> still, FindHolder(path));
  if (still == holder) return master;
  return absl::NotFoundError(
      absl::StrCat("no master runs: process ", *holder, " of ", path, " has just ended"));
}

state::v1::PidFileState PidFile::Save(DescriptorKeep& keep) const {
  state::v1::PidFileState state;
  state.set_path(path_);
  state.set_lock(keep.Add(lock_.has_value() ? lock_->fd() : inherited_lock_.get()));
  if (written_.valid()) state.set_written(keep.Add(written_.get()));
  return state;
}

absl::StatusOr<PidFile> PidFile::Restore(const state::v1::PidFileState& state,
                                         DescriptorInheritance& inheritance) {
  if (state.path().empty()) return StateError("pid_file.path", "is missing");
  PidFile pid_file(state.path());
  pid_file.is_trial_ = true;
  MUSTER_ASSIGN_OR_RETURN(const int lock, inheritance.Borrow(state.lock(), "pid_file.lock"));
  pid_file.inherited_lock_.reset(lock);
  if (state.has_written()) {
    MUSTER_ASSIGN_OR_RETURN(pid_file.written_,
                            inheritance.Adopt(state.written(), "pid_file.written"));
  }
  return pid_file;
}

}  // namespace muster::master
