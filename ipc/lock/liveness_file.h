#ifndef MUSTER_IPC_LOCK_LIVENESS_FILE_H_
#define MUSTER_IPC_LOCK_LIVENESS_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ipc {

// Tells who is alive among processes that have no common parent: every
// participant holds a lock on one byte of a file, which the kernel drops when the
// process is gone, after its last instruction. The locks are F_SETLK's: a child made by
// fork does not inherit them. But they are lost when *any* descriptor of this file
// is closed in the process: open it once per process, for nothing else, and keep
// it until the end. Thread-safe.
class LivenessFile {
 public:
  // Creates `path` with mode 0600 if absent.
  static absl::StatusOr<LivenessFile> Open(const std::string& path);

  // Never blocks. False: a live process, maybe this one, holds `slot`.
  bool TryHold(std::uint32_t slot) const;
  // True also for a slot that this process holds, and if the kernel cannot tell.
  bool IsHeld(std::uint32_t slot) const;
  void Release(std::uint32_t slot) const;

 private:
  explicit LivenessFile(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_LIVENESS_FILE_H_
