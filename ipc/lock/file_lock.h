#ifndef MUSTER_IPC_LOCK_FILE_LOCK_H_
#define MUSTER_IPC_LOCK_FILE_LOCK_H_

#include <sys/types.h>

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ipc {

// Advisory locks of the kernel on a file or on a range of its bytes. The kernel drops
// them when their owner dies, however it dies, so none is ever stale. Who the owner is:
//
// kProcess (F_SETLK). Not inherited by a child of fork. Two threads, or two FileLocks
// of one process, do not exclude each other; and when this process closes any
// descriptor of the same file, even another FileLock's, all its locks on that file are
// gone. Lock files that nothing else in the process opens. A cycle of waiting
// processes is an error (EDEADLK) in one of them.
//
// kOpenFile (F_OFD_SETLK). The open file description owns it, so every FileLock that
// Open() made excludes every other, in threads too. A child of fork inherits
// it: the lock lives until the last copy of the descriptor is closed, and
// either process may unlock it. Open after fork. Cycles are not found.
//
// A pair of calls costs its two system calls: nothing is allocated unless one fails. A FileLock
// keeps no state beside the descriptor; locking what one holds changes its mode.
enum class FileLockOwner { kProcess, kOpenFile };

// Shared locks keep only exclusive ones out.
enum class FileLockMode { kShared, kExclusive };

struct FileRange {
  off_t first = 0;
  off_t size_bytes = 0;  // 0: to the end, however far the file grows
};

class FileLock {
 public:
  // Opens `path` for reading and writing, and creates it with mode 0600 if it is absent;
  // locks nothing yet. Never unlink a lock file: the next process would lock another.
  static absl::StatusOr<FileLock> Open(absl::string_view path, FileLockOwner owner,
                                       FileRange range = {});

  // Unlocks (see kProcess for what else) and closes.
  ~FileLock() = default;
  FileLock(FileLock&&) = default;
  FileLock& operator=(FileLock&&) = default;

  // False: another owner holds it. Never blocks.
  absl::StatusOr<bool> TryLock(FileLockMode mode = FileLockMode::kExclusive) const;

  // Blocks in the kernel, which serves waiters in turn.
  absl::Status Lock(FileLockMode mode = FileLockMode::kExclusive) const;

  // False: the deadline passed. The kernel's wait has no timeout, so this
  // tries again and again, with naps that double from 50 microseconds to 5 milliseconds: a
  // process that blocks in Lock() goes first.
  absl::StatusOr<bool> LockUntil(Deadline deadline,
                                 FileLockMode mode = FileLockMode::kExclusive) const;

  absl::Status Unlock() const;

  // Who keeps us from locking, or nothing; already history when it is returned. -1: an open
  // file description, which is no one process.
  absl::StatusOr<std::optional<pid_t>> FindHolder(
      FileLockMode mode = FileLockMode::kExclusive) const;

  // For what the file says (a pid file does). Do not close it.
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
