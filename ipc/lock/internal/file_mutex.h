#ifndef MUSTER_IPC_LOCK_INTERNAL_FILE_MUTEX_H_
#define MUSTER_IPC_LOCK_INTERNAL_FILE_MUTEX_H_

#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/fork_closed_fd.h"
#include "muster/ipc/base/fork_guard.h"
#include "muster/ipc/base/trusted_owner.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/lock/lock_outcome.h"

namespace muster::ipc::internal {

// Mutual exclusion by an open file description's lock on one byte of a file
// (F_OFD_SETLK). The kernel drops the lock at a death; the byte itself, 1 while it is
// held, tells the next owner of it. One thread at a time.
//
// A child of fork closes its copy of the descriptor, so it keeps no lock that was held at the fork.
// In the child each Lock returns kNotParticipant and each Unlock false. A child that was made by a
// raw system call, so that no pthread_atfork handler ran, keeps such a lock until it uses this
// object, calls exec or ends.
class FileMutex {
 public:
  // Creates `path` with mode 0600 if absent, and the byte at `offset` as 0.
  // InvalidArgument: not a regular file, for example a symbolic link. PermissionDenied: it is not
  // of a trusted owner, who could hold the lock for ever, or write the byte.
  static absl::StatusOr<FileMutex> Open(const std::string& path, off_t offset,
                                        const TrustedOwner& trusted = {});

  // With a deadline it polls, with naps of up to a millisecond: the kernel's
  // wait has no timeout. A file that cannot be read or written is kNotRecoverable.
  LockOutcome Lock(Deadline deadline);
  LockOutcome TryLock();
  bool Unlock();
  // As Unlock, but the byte stays 1, as after a death.
  bool Abandon();
  void MarkConsistent();
  // As Mutex::MarkNotRecoverable and Mutex::Reset.
  bool MarkNotRecoverable();
  bool Reset();

 private:
  FileMutex(UniqueFd fd, off_t offset) : fd_(std::move(fd)), offset_(offset) {}

  // False: in a child of fork.
  bool MayAct();
  bool Change(int command, short type) const;
  LockOutcome Enter();
  // The byte. Empty: it cannot be read.
  std::optional<char> Read() const;
  bool Write(char byte) const;

  ForkClosedFd fd_;
  off_t offset_;
  ForkGuard process_ = ForkGuard::OfThisProcess();
  bool held_ = false;
  bool is_torn_ = false;
};

}  // namespace muster::ipc::internal

#endif  // MUSTER_IPC_LOCK_INTERNAL_FILE_MUTEX_H_
