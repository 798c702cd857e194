#ifndef MUSTER_IPC_LOCK_INTERNAL_RECORD_LOCK_H_
#define MUSTER_IPC_LOCK_INTERNAL_RECORD_LOCK_H_

#include <fcntl.h>
#include <sys/types.h>

#include <optional>

#include "muster/ipc/base/retry.h"

namespace muster::ipc::internal {

// fcntl's locks on a range of a file's bytes, as file locks, file mutexes and liveness files use
// them. errno is the kernel's where a call fails.

// As fcntl wants it. `type`: F_RDLCK, F_WRLCK or F_UNLCK. Zero bytes: to the end, however it grows.
inline struct flock RecordLock(short type, off_t first, off_t size_bytes) {
  struct flock record = {};  // l_pid must be 0 for open file descriptions
  record.l_type = type;
  record.l_whence = SEEK_SET;
  record.l_start = first;
  record.l_len = size_bytes;
  return record;
}

// `command`: F_SETLK and its kin; those with a W block until the range is free. Signals do not end
// it. Inlined, which is 2 % of the price of a pair: a return after a system call is dear.
[[gnu::always_inline]] inline bool SetRecordLock(int fd, int command, short type, off_t first,
                                                 off_t size_bytes) {
  struct flock record = RecordLock(type, first, size_bytes);
  return RetryOnEintr([&] { return ::fcntl(fd, command, &record); }) == 0;
}

// `command`: F_GETLK or F_OFD_GETLK. What hinders such a lock, with l_type F_UNLCK: nothing.
// None: the call failed.
inline std::optional<struct flock> FindRecordLock(int fd, int command, short type, off_t first,
                                                  off_t size_bytes) {
  struct flock record = RecordLock(type, first, size_bytes);
  if (RetryOnEintr([&] { return ::fcntl(fd, command, &record); }) != 0) return std::nullopt;
  return record;
}

}  // namespace muster::ipc::internal

#endif  // MUSTER_IPC_LOCK_INTERNAL_RECORD_LOCK_H_
