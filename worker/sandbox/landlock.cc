#include "muster/worker/sandbox/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <memory>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"

namespace muster::worker {
namespace {

// What <linux/landlock.h> of Debian 12 lacks.
constexpr std::uint64_t kTruncate = 1 << 14;
constexpr std::uint64_t kDeviceIoctl = 1 << 15;
constexpr std::uint64_t kBindTcp = 1 << 0;
constexpr std::uint64_t kConnectTcp = 1 << 1;
constexpr std::uint64_t kAbstractUnixSocket = 1 << 0;
constexpr std::uint64_t kSignal = 1 << 1;

struct Attributes {
  std::uint64_t files = 0;
  std::uint64_t network = 0;  // from version 4 on
  std::uint64_t scopes = 0;   // from version 6 on
};

constexpr std::uint64_t kReading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kLogging =
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | kTruncate;
constexpr std::uint64_t kChanging =
    kReading | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM |
    LANDLOCK_ACCESS_FS_REFER | kTruncate;
// Those that a rule about something else than a folder may have.
constexpr std::uint64_t kOfFiles = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                   LANDLOCK_ACCESS_FS_READ_FILE | kTruncate | kDeviceIoctl;

std::size_t SizeOfAttributes(int version) {
  if (version < 4) return offsetof(Attributes, network);
  if (version < 6) return offsetof(Attributes, scopes);
  return sizeof(Attributes);
}

// Nothing is there that the worker could open.
bool IsAbsent(int error) {
  return error == ENOENT || error == ENOTDIR || error == EACCES || error == ELOOP ||
         error == ENAMETOOLONG || error == ENXIO;
}

std::string FolderOf(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

}  // namespace

absl::StatusOr<int> LandlockVersion() {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, std::size_t{0},
                                 LANDLOCK_CREATE_RULESET_VERSION);
  if (version > 0) return static_cast<int>(version);
  switch (errno) {
    case ENOSYS:
      return absl::UnavailableError("this kernel has no Landlock");
    case EOPNOTSUPP:
      return absl::UnavailableError("this kernel was started without Landlock");
    default:
      return absl::UnavailableError(ipc::ErrnoStatus("landlock_create_ruleset").message());
  }
}

std::uint64_t FileRightsOf(int version) {
  std::uint64_t rights = LANDLOCK_ACCESS_FS_REFER - 1;  // all that version 1 has
  if (version >= 2) rights |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) rights |= kTruncate;
  if (version >= 5) rights |= kDeviceIoctl;
  return rights;
}

absl::StatusOr<LandlockRuleset> LandlockRuleset::Create(int version, bool may_connect) {
  Attributes attributes;
  attributes.files = FileRightsOf(version);
  attributes.network = may_connect ? kBindTcp : kBindTcp | kConnectTcp;
  attributes.scopes = may_connect ? kSignal : kSignal | kAbstractUnixSocket;
  ipc::UniqueFd fd(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes,
                                              SizeOfAttributes(version), std::uint32_t{0})));
  if (!fd.valid()) return ipc::ErrnoStatus("landlock_create_ruleset");
  return LandlockRuleset(std::move(fd), attributes.files);
}

absl::Status LandlockRuleset::Permit(const FileRule& rule) const {
  switch (rule.use) {
    case FileUse::kRead:
      return Add(rule.path, kReading);
    case FileUse::kLog:
      return PermitLog(rule.path);
    case FileUse::kOutput:
      return PermitOutput(rule.path);
    case FileUse::kChange:
      return Add(rule.path, kChanging);
  }
  return absl::InternalError("landlock: no such use of a file");
}

// Standard error may lead to the log, a file that is open already and is nobody's to read or to
// write from the beginning. A log opens a FIFO for reading as well (log/target.h).
absl::Status LandlockRuleset::PermitOutput(const std::string& path) const {
  struct stat status = {};
  if (::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode)) return absl::OkStatus();
  return Add(path, LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE);
}

// A file that is made anew can only be permitted by its folder.
absl::Status LandlockRuleset::PermitLog(const std::string& path) const {
  struct stat status = {};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) return absl::OkStatus();  // it is no log
  if (exists && !S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode)) {
    return Permit({path, FileUse::kOutput});
  }
  // A log opens a FIFO for reading as well (log/target.h).
  const std::uint64_t rights =
      exists && S_ISFIFO(status.st_mode) ? kLogging | LANDLOCK_ACCESS_FS_READ_FILE : kLogging;
  MUSTER_RETURN_IF_ERROR(Add(FolderOf(path), rights));
  const std::unique_ptr<char, decltype(&::free)> linked(::realpath(path.c_str(), nullptr), ::free);
  return linked == nullptr ? absl::OkStatus() : Add(FolderOf(linked.get()), rights);
}

absl::Status LandlockRuleset::Add(const std::string& path, std::uint64_t rights) const {
  const ipc::UniqueFd file(::open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat status = {};
  if (!file.valid() || ::fstat(file.get(), &status) < 0) {
    return IsAbsent(errno) ? absl::OkStatus() : ipc::ErrnoStatus(absl::StrCat("open ", path));
  }
  landlock_path_beneath_attr beneath = {};
  beneath.parent_fd = file.get();
  beneath.allowed_access = rights & rights_ & (S_ISDIR(status.st_mode) ? ~0ULL : kOfFiles);
  // EBADFD: it is in no file system that has paths, and open without a rule.
  if (::syscall(SYS_landlock_add_rule, fd_.get(), LANDLOCK_RULE_PATH_BENEATH, &beneath,
                std::uint32_t{0}) < 0 &&
      errno != EBADFD) {
    return ipc::ErrnoStatus(absl::StrCat("landlock_add_rule ", path));
  }
  return absl::OkStatus();
}

absl::Status LandlockRuleset::Restrict() const {
  if (::syscall(SYS_landlock_restrict_self, fd_.get(), std::uint32_t{0}) < 0) {
    return ipc::ErrnoStatus("landlock_restrict_self");
  }
  return absl::OkStatus();
}

}  // namespace muster::worker
