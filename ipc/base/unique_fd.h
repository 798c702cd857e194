#ifndef MUSTER_IPC_BASE_UNIQUE_FD_H_
#define MUSTER_IPC_BASE_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

#include "absl/status/statusor.h"

namespace muster::ipc {

// Owns one file descriptor and closes it; -1 means empty. Move-only. One thread at a time.
// After fork, parent and child each have their own descriptor, and each closes its own. exec
// closes a descriptor that was made with O_CLOEXEC; this library makes all of its descriptors so.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  // Transfers ownership: the caller closes the returned descriptor, and this is empty.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  // Closes the owned descriptor, then owns `fd`. close is not retried on EINTR: Linux has
  // released the descriptor number by then.
  void reset(int fd = -1) {
    if (fd_ >= 0 && fd_ != fd) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

// A close-on-exec duplicate of `fd`, which remains the caller's. Fails with the kernel's error:
// EBADF, or EMFILE when this process has no free descriptor.
absl::StatusOr<UniqueFd> DuplicateFd(int fd);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_BASE_UNIQUE_FD_H_
