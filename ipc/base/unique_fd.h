#ifndef MUSTER_IPC_BASE_UNIQUE_FD_H_
#define MUSTER_IPC_BASE_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

#include "absl/status/statusor.h"

namespace muster::ipc {

// Owns one file descriptor and closes it. Empty is -1. Not thread-safe.
// After fork both processes own a descriptor of their own; exec closes it if it
// was made with O_CLOEXEC, as all that this library makes are.
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
  // Gives the descriptor up; the caller closes it.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  // Closes what is owned, then owns `fd`. Does not retry close on EINTR: Linux
  // has freed the number by then.
  void reset(int fd = -1) {
    if (fd_ >= 0 && fd_ != fd) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

// A close-on-exec duplicate of `fd`.
absl::StatusOr<UniqueFd> DuplicateFd(int fd);

}  // namespace muster::ipc

#endif  // MUSTER_IPC_BASE_UNIQUE_FD_H_
