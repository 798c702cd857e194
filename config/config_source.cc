#include "muster/config/config_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "muster/cli/spelling.h"
#include "muster/host/path.h"
#include "muster/host/wait_note.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::config {
namespace {

namespace fs = std::filesystem;

// Beyond so many it takes longer than it is worth.
constexpr std::size_t kMostNames = 1000;

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator() && names.size() < kMostNames;
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  return names;
}

std::string DidYouMean(const std::string& path) {
  return absl::StrCat("; did you mean ", path, "?");
}

absl::Status NotThere(const std::string& path, int error) {
  const absl::Status status = ipc::ErrnoStatus(absl::StrCat("open ", path), error);
  std::string advice;
  if (error == ENOENT) {
    const std::string folder = host::FolderOf(path);
    const std::string name = path.substr(path.rfind('/') + 1);
    const std::string meant = cli::LikelyMeant(name, NamesIn(folder));
    if (!meant.empty()) advice = DidYouMean(host::JoinPath(folder, meant));
  } else if (error == EACCES) {
    advice = "; the user who runs this program must be allowed to read it";
  }
  return absl::Status(status.code(), absl::StrCat(status.message(), advice));
}

absl::Status IsFolder(const std::string& path) {
  std::vector<std::string> candidates;
  for (const std::string& name : NamesIn(path)) {
    if (absl::EndsWith(name, ".textproto") || absl::EndsWith(name, ".json")) {
      candidates.push_back(name);
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(
      path, ": is a folder",
      candidates.size() == 1 ? DidYouMean(host::JoinPath(path, candidates[0]))
                             : std::string("; write the path of a configuration in it")));
}

absl::Status CheckKind(const std::string& path, const struct stat& status) {
  if (S_ISREG(status.st_mode)) return absl::OkStatus();
  if (S_ISDIR(status.st_mode)) return IsFolder(path);
  const char* kind = S_ISFIFO(status.st_mode)   ? "a pipe"
                     : S_ISSOCK(status.st_mode) ? "a socket"
                                                : "a device";
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": is ", kind,
                   "; a configuration is in a regular file, which a reload can read again"));
}

absl::Status TooLarge(const std::string& path) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": is larger than ", kMostConfigBytes,
                                                 " bytes; is it a configuration at all?"));
}

}  // namespace

absl::StatusOr<std::string> ReadConfigSource(const std::string& path) {
  const host::WaitNote note("reading", path);
  // To open a device may do something.
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) return NotThere(path, errno);
  MUSTER_RETURN_IF_ERROR(CheckKind(path, status));
  const ipc::UniqueFd fd(ipc::RetryOnEintr(
      [&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); }));
  if (!fd.valid()) return NotThere(path, errno);
  // It may have been exchanged meanwhile.
  if (::fstat(fd.get(), &status) != 0) return ipc::ErrnoStatus(absl::StrCat("stat ", path));
  MUSTER_RETURN_IF_ERROR(CheckKind(path, status));
  if (status.st_size > static_cast<off_t>(kMostConfigBytes)) return TooLarge(path);

  std::string text;
  char buffer[64 << 10];
  while (true) {
    const ssize_t got = ipc::RetryOnEintr([&] { return ::read(fd.get(), buffer, sizeof(buffer)); });
    if (got < 0) return ipc::ErrnoStatus(absl::StrCat("read ", path));
    if (got == 0) return text;
    text.append(buffer, got);
    // It may grow while we read, and files of /proc tell no size.
    if (text.size() > kMostConfigBytes) return TooLarge(path);
  }
}

}  // namespace muster::config
