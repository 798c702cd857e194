#ifndef MUSTER_IPC_CHANNEL_FIFO_H_
#define MUSTER_IPC_CHANNEL_FIFO_H_

#include <sys/types.h>

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/origin_process.h"
#include "muster/ipc/base/trusted_owner.h"
#include "muster/ipc/channel/pipe.h"

namespace muster::ipc {

// Owns the name of a pipe in the file system, with mode 0600, and removes it on destruction. It
// connects processes that share nothing else. An owner that is killed leaves the name behind. Only
// the process that made it removes it, so a child of fork may destroy its copy; and what somebody
// else has put there in its place stays.
class Fifo {
 public:
  // AlreadyExists: the path is in use.
  static absl::StatusOr<Fifo> Create(absl::string_view path);

  ~Fifo();
  Fifo(Fifo&& other) noexcept
      : path_(std::exchange(other.path_, {})),
        device_(other.device_),
        inode_(other.inode_),
        origin_(other.origin_) {}
  Fifo& operator=(Fifo&&) = delete;

  const std::string& path() const { return path_; }

  // Any process may open either end, also several times. Neither call blocks until the other end is
  // open. InvalidArgument: `path` is not a FIFO, for example a symbolic link to one.
  // PermissionDenied: it is not of a trusted owner. OpenWriter returns FailedPrecondition while no
  // process has the FIFO open for reading.
  static absl::StatusOr<PipeReader> OpenReader(absl::string_view path,
                                               const TrustedOwner& trusted = {});
  static absl::StatusOr<PipeWriter> OpenWriter(absl::string_view path,
                                               const TrustedOwner& trusted = {});

 private:
  Fifo(std::string path, dev_t device, ino_t inode)
      : path_(std::move(path)), device_(device), inode_(inode) {}

  std::string path_;
  dev_t device_;
  ino_t inode_;
  OriginProcess origin_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_CHANNEL_FIFO_H_
