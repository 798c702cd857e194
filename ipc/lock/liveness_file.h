#ifndef MUSTER_IPC_LOCK_LIVENESS_FILE_H_
#define MUSTER_IPC_LOCK_LIVENESS_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ipc {

// Owns a file that records which participants are alive, for processes without a common parent.
// Each participant holds a lock on the byte of its slot. The kernel releases the lock when the
// process is gone, after its last instruction. The locks are those of F_SETLK: a child of fork does
// not inherit them, and the process loses them when it closes *any* descriptor of this file. So
// open the file once per process, use it for nothing else, and keep it until the process ends.
// Thread-safe. No call blocks.
class LivenessFile {
 public:
  // Creates `path` with mode 0600 if it does not exist. Fails with the kernel's error.
  static absl::StatusOr<LivenessFile> Open(const std::string& path);

  // False: a live process, possibly this one, holds `slot`.
  bool TryHold(std::uint32_t slot) const;
  // True also if this process holds `slot`, and if the system call fails.
  bool IsHeld(std::uint32_t slot) const;
  void Release(std::uint32_t slot) const;

 private:
  explicit LivenessFile(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_LIVENESS_FILE_H_
