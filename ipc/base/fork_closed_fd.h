#ifndef MUSTER_IPC_BASE_FORK_CLOSED_FD_H_
#define MUSTER_IPC_BASE_FORK_CLOSED_FD_H_

#include <memory>

#include "muster/ipc/base/unique_fd.h"

namespace muster::ipc {

// Owns a descriptor that a child of fork does not keep: it is closed there before fork returns. For
// an open file whose lock is to end with this process. A child that was made by a raw system call,
// so that no pthread_atfork handler ran, keeps it until Close, its end, or exec. Move-only. One
// thread at a time; other threads may fork meanwhile.
class ForkClosedFd {
 public:
  explicit ForkClosedFd(UniqueFd fd);
  ForkClosedFd(ForkClosedFd&&) noexcept;
  ForkClosedFd& operator=(ForkClosedFd&& other) noexcept;
  ~ForkClosedFd();

  // -1 where it has been closed.
  int get() const;
  // In this process only.
  void Close();

 private:
  struct Entry;

  std::unique_ptr<Entry> entry_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_BASE_FORK_CLOSED_FD_H_
