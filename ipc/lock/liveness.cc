#include "muster/ipc/lock/liveness.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/internal/record_lock.h"

namespace muster::ipc {
namespace internal {

// What one Liveness has of the segment's file.
struct LivenessOpening {
  UniqueFd segment;  // whatever becomes of the caller's
  int flags;
  std::uint64_t inode;
  Liveness::DeathObserver observer;

  // The rest is guarded by the mutex of all openings.
  UniqueFd file;  // has the locks
  pid_t opener = 0;
  // The bytes that `file` has a lock on, since the kernel does not keep two threads apart.
  std::set<off_t> held;
  std::map<std::uint32_t, OwnerTag> reservations;  // those of them, by slot
  LivenessOpening* next = nullptr;
};

}  // namespace internal

namespace {

using internal::FindRecordLock;
using internal::LivenessOpening;
using internal::SetRecordLock;

// Far behind what anybody maps, or locks for another purpose.
constexpr off_t kFirstByte = off_t{1} << 62;

constexpr off_t ByteOf(std::uint32_t slot) { return kFirstByte + slot; }
// One for each generation: a process may still hold an earlier one that others have ended.
constexpr off_t ByteOf(OwnerTag reserved) {
  return kFirstByte + (off_t{1} << 32) + static_cast<off_t>(reserved.bits());
}

constinit std::mutex mutex;
constinit LivenessOpening* first = nullptr;

void LetGo(LivenessOpening& opening) {
  opening.file.reset();
  opening.held.clear();
  opening.reservations.clear();
}

void InChildOfFork() {
  for (LivenessOpening* each = first; each != nullptr; each = each->next) LetGo(*each);
  mutex.unlock();
}

void Add(LivenessOpening* opening) {
  [[maybe_unused]] static const int registered =
      ::pthread_atfork([] { mutex.lock(); }, [] { mutex.unlock(); }, InChildOfFork);
  const std::lock_guard lock(mutex);
  opening->next = first;
  first = opening;
}

void Remove(LivenessOpening* opening) {
  const std::lock_guard lock(mutex);
  LivenessOpening** place = &first;
  while (*place != opening) place = &(*place)->next;
  *place = opening->next;
}

// Opens the file where this process has not done so. False: it cannot, and errno says why.
bool Open(LivenessOpening& opening) {
  const pid_t self = ::getpid();
  // Another's: a child of a raw fork, in which no handler ran.
  if (opening.opener != self) LetGo(opening);
  if (opening.file.valid()) return true;
  const std::string path = absl::StrCat("/proc/self/fd/", opening.segment.get());
  opening.file.reset(RetryOnEintr([&] { return ::open(path.c_str(), opening.flags); }));
  opening.opener = self;
  return opening.file.valid();
}

absl::Status EnsureOpen(LivenessOpening& opening) {
  if (Open(opening)) return absl::OkStatus();
  const int error = errno;
  return ErrnoStatus("liveness: open the segment once more by /proc/self/fd", error);
}

// With the mutex of all locked, as the next two.
absl::StatusOr<bool> TryLock(LivenessOpening& opening, off_t byte) {
  MUSTER_RETURN_IF_ERROR(EnsureOpen(opening));
  if (opening.held.contains(byte)) return false;
  if (!SetRecordLock(opening.file.get(), F_OFD_SETLK, F_WRLCK, byte, 1)) {
    if (errno == EAGAIN || errno == EACCES) return false;
    return ErrnoStatus("liveness: fcntl F_OFD_SETLK");
  }
  opening.held.insert(byte);
  return true;
}

bool IsLocked(LivenessOpening& opening, off_t byte) {
  if (!Open(opening) || opening.held.contains(byte)) return true;
  const std::optional<struct flock> found =
      FindRecordLock(opening.file.get(), F_OFD_GETLK, F_WRLCK, byte, 1);
  return !found || found->l_type != F_UNLCK;
}

void Unlock(LivenessOpening& opening, off_t byte) {
  // What another process's file has is not ours to give up.
  if (!Open(opening) || opening.held.erase(byte) == 0) return;
  SetRecordLock(opening.file.get(), F_OFD_SETLK, F_UNLCK, byte, 1);
}

}  // namespace

absl::StatusOr<Liveness> Liveness::Bind(int fd, DeathObserver observer) {
  return BindWith(fd, O_RDWR | O_CLOEXEC, std::move(observer));
}

absl::StatusOr<Liveness> Liveness::BindReadOnly(int fd, DeathObserver observer) {
  return BindWith(fd, O_RDONLY | O_CLOEXEC, std::move(observer));
}

absl::StatusOr<Liveness> Liveness::BindWith(int fd, int flags, DeathObserver observer) {
  struct stat file;
  if (::fstat(fd, &file) < 0) return ErrnoStatus("liveness: fstat");
  if (!S_ISREG(file.st_mode)) {
    return absl::InvalidArgumentError("liveness: the descriptor is not that of a memfd or a file");
  }
  UniqueFd segment(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!segment.valid()) return ErrnoStatus("liveness: fcntl F_DUPFD_CLOEXEC");
  auto opening = std::make_unique<LivenessOpening>();
  opening->segment = std::move(segment);
  opening->flags = flags;
  opening->inode = file.st_ino;
  opening->observer = std::move(observer);
  MUSTER_RETURN_IF_ERROR(EnsureOpen(*opening));
  Add(opening.get());
  return Liveness(std::move(opening));
}

Liveness::Liveness(std::unique_ptr<LivenessOpening> opening) : opening_(std::move(opening)) {}
Liveness::Liveness(Liveness&&) noexcept = default;

Liveness& Liveness::operator=(Liveness&& other) noexcept {
  std::swap(opening_, other.opening_);
  return *this;
}

Liveness::~Liveness() {
  if (opening_ != nullptr) Remove(opening_.get());
}

absl::Status Liveness::MayHold() const {
  if (!is_read_only()) return absl::OkStatus();
  return absl::PermissionDeniedError("liveness: it is bound for reading only");
}

absl::StatusOr<bool> Liveness::TryHold(std::uint32_t slot) const {
  MUSTER_RETURN_IF_ERROR(MayHold());
  const std::lock_guard lock(mutex);
  return TryLock(*opening_, ByteOf(slot));
}

bool Liveness::IsHeld(std::uint32_t slot) const {
  const std::lock_guard lock(mutex);
  return IsLocked(*opening_, ByteOf(slot));
}

void Liveness::Release(std::uint32_t slot) const {
  const std::lock_guard lock(mutex);
  Unlock(*opening_, ByteOf(slot));
}

absl::StatusOr<bool> Liveness::TryHoldReservation(OwnerTag tag) const {
  MUSTER_RETURN_IF_ERROR(MayHold());
  const std::lock_guard lock(mutex);
  MUSTER_ASSIGN_OR_RETURN(const bool is_held, TryLock(*opening_, ByteOf(tag)));
  if (!is_held) return false;
  const auto [place, is_first] = opening_->reservations.try_emplace(tag.slot(), tag);
  if (!is_first) Unlock(*opening_, ByteOf(std::exchange(place->second, tag)));
  return true;
}

bool Liveness::IsReservationHeld(OwnerTag tag) const {
  const std::lock_guard lock(mutex);
  return IsLocked(*opening_, ByteOf(tag));
}

void Liveness::ReleaseReservation(OwnerTag tag) const {
  const std::lock_guard lock(mutex);
  Unlock(*opening_, ByteOf(tag));
  const auto found = opening_->reservations.find(tag.slot());
  if (found != opening_->reservations.end() && found->second == tag) {
    opening_->reservations.erase(found);
  }
}

bool Liveness::is_read_only() const { return (opening_->flags & O_ACCMODE) == O_RDONLY; }

std::uint64_t Liveness::inode() const { return opening_->inode; }

void Liveness::Tell(OwnerTag dead) const {
  if (opening_->observer) opening_->observer(dead);
}

}  // namespace muster::ipc
