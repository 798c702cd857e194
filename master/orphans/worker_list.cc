#include "muster/master/orphans/worker_list.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/start_time.h"
#include "muster/ipc/base/status.h"
#include "muster/master/keep/state_error.h"

namespace muster::master {
namespace {

// The workers of earlier masters come after all slots.
constexpr std::size_t kFirstLineOfOlder = 4096;
constexpr std::size_t kMostLines = 8192;
constexpr std::size_t kMostBytes = kMostLines * kWorkerLineBytes;

std::string ReadUpTo(int fd, std::size_t most) {
  std::string text;
  char buffer[16 << 10];
  while (text.size() < most) {
    const ssize_t size = ipc::RetryOnEintr([&] { return ::read(fd, buffer, sizeof(buffer)); });
    if (size <= 0) break;
    text.append(buffer, static_cast<std::size_t>(size));
  }
  return text;
}

}  // namespace

absl::StatusOr<WorkerList> WorkerList::Create(const std::string& path,
                                              const std::vector<ListedWorker>& older) {
  // Not over the old one: it may be somebody's link.
  if (::unlink(path.c_str()) < 0 && errno != ENOENT) {
    return ipc::ErrnoStatus(absl::StrCat("remove ", path));
  }
  ipc::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return ipc::ErrnoStatus(absl::StrCat("create ", path));
  WorkerList list(path, std::move(fd), BootId());
  std::size_t line = kFirstLineOfOlder;
  for (const ListedWorker& worker : older) {
    if (line == kMostLines) break;
    MUSTER_RETURN_IF_ERROR(list.WriteLine(line++, FormatWorkerLine(worker)));
  }
  return list;
}

WorkerList::WorkerList(WorkerList&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::move(other.fd_)),
      boot_id_(std::move(other.boot_id_)),
      is_trial_(other.is_trial_) {}

WorkerList::~WorkerList() {
  if (fd_.valid() && !is_trial_) ::unlink(path_.c_str());
}

state::v1::WorkerListState WorkerList::Save(DescriptorKeep& keep) const {
  state::v1::WorkerListState state;
  state.set_path(path_);
  state.set_fd(keep.Add(fd_.get()));
  return state;
}

absl::StatusOr<WorkerList> WorkerList::Restore(const state::v1::WorkerListState& state,
                                               DescriptorInheritance& inheritance) {
  if (state.path().empty()) return StateError("list.path", "is missing");
  MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd fd, inheritance.Adopt(state.fd(), "list.fd"));
  WorkerList list(state.path(), std::move(fd), BootId());
  list.is_trial_ = true;
  return list;
}

absl::Status WorkerList::Add(std::uint32_t slot, pid_t pid) {
  return WriteLine(slot, FormatWorkerLine({pid, ipc::StartTimeTicks(pid), ::geteuid(), boot_id_}));
}

absl::Status WorkerList::Remove(std::uint32_t slot) {
  return WriteLine(slot, std::string(kWorkerLineBytes - 1, ' ') + "\n");
}

absl::Status WorkerList::WriteLine(std::size_t line, const std::string& text) {
  const off_t at = static_cast<off_t>(line * kWorkerLineBytes);
  const ssize_t written =
      ipc::RetryOnEintr([&] { return ::pwrite(fd_.get(), text.data(), text.size(), at); });
  if (written == static_cast<ssize_t>(text.size())) return absl::OkStatus();
  return ipc::ErrnoStatus(absl::StrCat("write ", path_), written < 0 ? errno : ENOSPC);
}

std::vector<ListedWorker> WorkerList::Read(const std::string& path) {
  const ipc::UniqueFd fd(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  struct stat file = {};
  if (!fd.valid() || ::fstat(fd.get(), &file) < 0) return {};
  // Whoever may write it could choose whom a master ends.
  if (!S_ISREG(file.st_mode) || file.st_uid != ::geteuid() || (file.st_mode & 022) != 0) return {};
  return ParseWorkerList(ReadUpTo(fd.get(), kMostBytes));
}

std::string BootId() {
  const ipc::UniqueFd fd(::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  return std::string(absl::StripAsciiWhitespace(ReadUpTo(fd.get(), 64)));
}

}  // namespace muster::master
