#ifndef MUSTER_IPC_BASE_WAKE_FD_H_
#define MUSTER_IPC_BASE_WAKE_FD_H_

#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ipc {

// A counter that wakes an epoll loop, in this process or another that has the
// descriptor. Any number may notify, from threads and signal handlers; who drains gets
// all notifications since the last time as one. A child of fork shares it.
class WakeFd {
 public:
  static absl::StatusOr<WakeFd> Create();

  // Makes fd() readable. Never blocks and never fails: only a counter at 2^64 - 2
  // could refuse, and is readable anyway. Keeps errno.
  void Notify() const { Notify(fd_.get()); }
  static void Notify(int fd);

  // How often it was notified since the last Drain, and makes it unreadable. Never blocks.
  std::uint64_t Drain() const;

  // To poll for reading.
  int fd() const { return fd_.get(); }

 private:
  explicit WakeFd(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_BASE_WAKE_FD_H_
