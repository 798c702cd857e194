#include "muster/ipc/lock/internal/file_mutex.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/named_file.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/trusted_owner.h"
#include "muster/ipc/lock/internal/record_lock.h"

namespace muster::ipc::internal {
namespace {

constexpr char kFree = 0;
constexpr char kHeld = 1;
constexpr char kPoisoned = 2;

constexpr absl::Duration kLongestReset = absl::Seconds(1);

void Nap(long nanoseconds) {
  const timespec nap = {0, nanoseconds};
  ::nanosleep(&nap, nullptr);
}

}  // namespace

absl::StatusOr<FileMutex> FileMutex::Open(const std::string& path, off_t offset,
                                          const TrustedOwner& trusted) {
  MUSTER_ASSIGN_OR_RETURN(UniqueFd fd, OpenNamedFile(path, O_RDWR | O_CREAT, S_IFREG, trusted));
  // Now, so that no write of the byte can fail for lack of space later. It leaves a
  // byte that is there as it is.
  int error;
  do {
    error = ::posix_fallocate(fd.get(), offset, 1);
  } while (error == EINTR);
  if (error != 0) return ErrnoStatus(absl::StrCat("posix_fallocate ", path), error);
  return FileMutex(std::move(fd), offset);
}

bool FileMutex::MayAct() {
  if (process_.holds()) [[likely]]
    return true;
  fd_.Close();
  return false;
}

bool FileMutex::Change(int command, short type) const {
  return SetRecordLock(fd_.get(), command, type, offset_, 1);
}

std::optional<char> FileMutex::Read() const {
  char byte;
  if (RetryOnEintr([&] { return ::pread(fd_.get(), &byte, 1, offset_); }) != 1) return std::nullopt;
  return byte;
}

bool FileMutex::Write(char byte) const {
  return RetryOnEintr([&] { return ::pwrite(fd_.get(), &byte, 1, offset_); }) == 1;
}

LockOutcome FileMutex::Enter() {
  const std::optional<char> byte = Read();
  if (!byte.has_value() || byte == kPoisoned || !Write(kHeld)) {
    Change(F_OFD_SETLK, F_UNLCK);
    return LockOutcome::kNotRecoverable;
  }
  held_ = true;
  is_torn_ = byte != kFree;
  return is_torn_ ? LockOutcome::kOwnerDied : LockOutcome::kAcquired;
}

LockOutcome FileMutex::TryLock() {
  if (!MayAct()) return LockOutcome::kNotParticipant;
  if (held_) return LockOutcome::kWouldDeadlock;
  return Change(F_OFD_SETLK, F_WRLCK) ? Enter() : LockOutcome::kBusy;
}

LockOutcome FileMutex::Lock(Deadline deadline) {
  if (!MayAct()) return LockOutcome::kNotParticipant;
  if (held_) return LockOutcome::kWouldDeadlock;
  if (deadline.is_never()) {
    return Change(F_OFD_SETLKW, F_WRLCK) ? Enter() : LockOutcome::kNotRecoverable;
  }
  long nap_ns = 20'000;
  for (;;) {
    const LockOutcome outcome = TryLock();
    if (outcome != LockOutcome::kBusy) return outcome;
    if (deadline.has_passed()) return LockOutcome::kTimedOut;
    Nap(nap_ns);
    nap_ns = std::min(nap_ns * 2, 1'000'000L);
  }
}

void FileMutex::MarkConsistent() {
  if (MayAct()) is_torn_ = false;
}

bool FileMutex::Unlock() {
  if (!held_ || !MayAct()) return false;
  held_ = false;
  // If this fails the byte still says 1 and the next owner is warned for nothing.
  if (!is_torn_) Write(kFree);
  Change(F_OFD_SETLK, F_UNLCK);
  return true;
}

bool FileMutex::MarkNotRecoverable() {
  if (!held_ || !MayAct()) return false;
  held_ = false;
  const bool is_written = Write(kPoisoned);
  Change(F_OFD_SETLK, F_UNLCK);
  return is_written;
}

bool FileMutex::Reset() {
  if (held_ || !MayAct()) return false;
  const Deadline deadline = Deadline::After(kLongestReset);
  // Whoever locks a poisoned byte does so only to look at it.
  while (Read() == kPoisoned) {
    if (Change(F_OFD_SETLK, F_WRLCK)) {
      const bool is_reset = Read() == kPoisoned && Write(kHeld);
      Change(F_OFD_SETLK, F_UNLCK);
      return is_reset;
    }
    if (deadline.has_passed()) return false;
    Nap(20'000);
  }
  return false;
}

bool FileMutex::Abandon() {
  if (!held_ || !MayAct()) return false;
  held_ = false;
  Change(F_OFD_SETLK, F_UNLCK);
  return true;
}

}  // namespace muster::ipc::internal
