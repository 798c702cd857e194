#include "muster/worker/http/files/file_resolver.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"

namespace muster::worker::http {
namespace {

// Below `folder`, as the kernel watches. -1 with errno: EXDEV when it would lead out.
int OpenBeneath(int folder, const char* path, std::uint64_t flags) {
  open_how how = {};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: something was renamed meanwhile, and the kernel could not tell whether ".." in a
  // link stayed below. It asks to be asked again.
  for (int attempt = 1;; ++attempt) {
    const long fd =
        ipc::RetryOnEintr([&] { return ::syscall(SYS_openat2, folder, path, &how, sizeof(how)); });
    if (fd >= 0 || errno != EAGAIN || attempt == 16) return static_cast<int>(fd);
  }
}

FileResolver::Outcome OutcomeOf(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
    case EXDEV:   // a link that leads out
    case ELOOP:   // one that leads nowhere
    case EINVAL:  // a name that this file system cannot have
      return FileResolver::Outcome::kNotFound;
    case EACCES:
    case EPERM:
    case ENXIO:  // a socket, or a device that is not there
    case ENODEV:
      return FileResolver::Outcome::kForbidden;
    default:
      return FileResolver::Outcome::kFailed;
  }
}

}  // namespace

absl::StatusOr<FileResolver> FileResolver::Create(const std::string& root,
                                                  std::vector<std::string> index) {
  ipc::UniqueFd folder(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) {
    if (errno == ENOTDIR) {
      return absl::InvalidArgumentError(absl::StrCat("root ", root, ": not a directory"));
    }
    return ipc::ErrnoStatus(absl::StrCat("root ", root));
  }
  const ipc::UniqueFd probe(OpenBeneath(folder.get(), ".", O_PATH));
  if (!probe.valid()) return ipc::ErrnoStatus(absl::StrCat("root ", root, ": openat2"));
  for (const std::string& name : index) {
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos ||
        name.find('\0') != std::string::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("index \"", name, "\": expected the name of a file, as in index.html"));
    }
  }
  return FileResolver(std::move(folder), std::move(index));
}

FileResolver::Resolution FileResolver::Resolve(absl::string_view path) {
  if (absl::EndsWith(path, "/")) return ResolveIndex(path);
  relative_.assign(path.data() + 1, path.size() - 1);
  return Open();
}

FileResolver::Resolution FileResolver::ResolveBeside(absl::string_view suffix) {
  const std::size_t bytes = relative_.size();
  relative_.append(suffix.data(), suffix.size());
  Resolution resolution = Open();
  relative_.resize(bytes);
  return resolution;
}

FileResolver::Resolution FileResolver::ResolveIndex(absl::string_view path) {
  for (const std::string& name : index_) {
    relative_.assign(path.data() + 1, path.size() - 1);
    relative_.append(name);
    Resolution resolution = Open();
    // A folder of that name is no index.
    if (resolution.outcome == Outcome::kFolder) continue;
    if (resolution.outcome != Outcome::kNotFound) return resolution;
  }
  relative_ = absl::StrCat(path.substr(1), ".");
  Resolution resolution = Open();
  if (resolution.outcome == Outcome::kFolder) resolution.outcome = Outcome::kNoIndex;
  return resolution;
}

FileResolver::Resolution FileResolver::Open() {
  // O_NONBLOCK: to open a FIFO must not wait for its writer.
  ipc::UniqueFd fd(OpenBeneath(root_.get(), relative_.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY));
  if (!fd.valid()) return {OutcomeOf(errno), nullptr, {}};
  struct stat status = {};
  if (::fstat(fd.get(), &status) < 0) return {Outcome::kFailed, nullptr, {}};
  if (S_ISDIR(status.st_mode)) return {Outcome::kFolder, nullptr, std::move(fd)};
  if (!S_ISREG(status.st_mode)) return {Outcome::kForbidden, nullptr, {}};
  auto file = std::make_shared<OpenFile>();
  file->fd = std::move(fd);
  file->identity = IdentityOf(status);
  file->size_bytes = static_cast<std::uint64_t>(status.st_size);
  file->modified_seconds = status.st_mtim.tv_sec;
  file->name = relative_.substr(relative_.rfind('/') + 1);
  return {Outcome::kFile, std::move(file), {}};
}

}  // namespace muster::worker::http
