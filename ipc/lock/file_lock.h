#ifndef MUSTER_IPC_LOCK_FILE_LOCK_H_
#define MUSTER_IPC_LOCK_FILE_LOCK_H_

#include <sys/types.h>

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/trusted_owner.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ipc {

// The owner of a FileLock. When the owner dies, the kernel releases the lock, so no lock is stale.
//
// kProcess (F_SETLK): the process. A child of fork does not inherit the lock. Two threads of one
// process do not exclude each other, nor do two FileLocks. When the process closes any descriptor
// of the same file, even that of another FileLock, it loses all of its locks on that file. So use a
// file that nothing else in the process opens. If processes wait for each other in a cycle, Lock()
// returns an error (EDEADLK) in one of them.
//
// kOpenFile (F_OFD_SETLK): the open file description. Each Open() makes one, so every FileLock
// excludes every other, also in other threads. A child of fork shares the lock: it exists until the
// last copy of the descriptor is closed, and either process may unlock it. Open after fork. The
// kernel does not detect cycles.
enum class FileLockOwner { kProcess, kOpenFile };

// A shared lock excludes exclusive locks only. An exclusive lock excludes all others.
enum class FileLockMode { kShared, kExclusive };

struct FileRange {
  off_t first = 0;
  off_t size_bytes = 0;  // 0: to the end of the file, also when it grows
};

// Owns a descriptor of a file, with an advisory lock of the kernel on the file or on a range of its
// bytes. The object keeps no state except the descriptor: locking again changes the mode of the
// lock, and threads that share one FileLock do not exclude each other. TryLock, Lock and Unlock are
// one system call each, and allocate memory only to report an error. Errors are the kernel's.
class FileLock {
 public:
  // Opens `path` for reading and writing, and creates it with mode 0600 if it does not exist. Does
  // not lock yet. Never unlink a lock file: the next process would create and lock another file.
  // Who may open the file may hold the lock for ever. InvalidArgument: not a regular file, for
  // example a symbolic link. PermissionDenied: it is not of a trusted owner.
  static absl::StatusOr<FileLock> Open(absl::string_view path, FileLockOwner owner,
                                       FileRange range = {}, const TrustedOwner& trusted = {});

  // Closes the descriptor, which unlocks. See kProcess for the effect on other locks.
  ~FileLock() = default;
  FileLock(FileLock&&) = default;
  FileLock& operator=(FileLock&&) = default;

  // False: another owner holds it. Never blocks.
  absl::StatusOr<bool> TryLock(FileLockMode mode = FileLockMode::kExclusive) const;

  // Blocks in the kernel, which serves waiters in order.
  absl::Status Lock(FileLockMode mode = FileLockMode::kExclusive) const;

  // Blocks until `deadline`. False: the deadline passed. The kernel's wait has no timeout, so this
  // polls, with pauses that double from 50 microseconds to 5 milliseconds. A process that blocks in
  // Lock() therefore goes first.
  absl::StatusOr<bool> LockUntil(Deadline deadline,
                                 FileLockMode mode = FileLockMode::kExclusive) const;

  absl::Status Unlock() const;

  // The process whose lock prevents this one, or nothing. It may have changed before this returns.
  // -1: the owner is an open file description, not a process.
  absl::StatusOr<std::optional<pid_t>> FindHolder(
      FileLockMode mode = FileLockMode::kExclusive) const;

  // To read or write the contents of the file, for example of a pid file. Do not close it.
  int fd() const { return fd_.get(); }

 private:
  FileLock(UniqueFd fd, FileLockOwner owner, FileRange range)
      : fd_(std::move(fd)), owner_(owner), range_(range) {}

  UniqueFd fd_;
  FileLockOwner owner_;
  FileRange range_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_FILE_LOCK_H_
