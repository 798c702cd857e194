#ifndef MUSTER_IPC_BASE_WAKE_FD_H_
#define MUSTER_IPC_BASE_WAKE_FD_H_

#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ipc {

// Owns an eventfd that wakes an epoll loop, in this process or in another one that holds the
// descriptor. Any number of threads, processes and signal handlers may notify. One Drain consumes
// all notifications since the previous Drain. Non-blocking and close-on-exec. A child of fork
// shares the counter with its parent.
class WakeFd {
 public:
  // Fails with the kernel's error when this process has no free descriptor.
  static absl::StatusOr<WakeFd> Create();

  // Makes fd() readable. Async-signal-safe; never blocks; preserves errno. It has no error to
  // report: the kernel refuses only at a count of 2^64 - 2, and then fd() is readable anyway.
  void Notify() const { Notify(fd_.get()); }
  static void Notify(int fd);

  // Makes fd() unreadable and returns the number of notifications since the previous Drain.
  // Never blocks.
  std::uint64_t Drain() const;

  // For poll and epoll, for reading. Remains owned by this object.
  int fd() const { return fd_.get(); }

 private:
  explicit WakeFd(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_BASE_WAKE_FD_H_
