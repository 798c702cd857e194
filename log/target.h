#ifndef MUSTER_LOG_TARGET_H_
#define MUSTER_LOG_TARGET_H_

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/log/shared_pipe.h"

namespace muster::log {

// Where the lines of a log go: a file, a FIFO, a device, or what the process has inherited as
// standard output or error. Opening it and writing to it never wait for another process. Its
// descriptor has a description of its own where that is possible. A description that is shared with
// whoever started the process stays as it is: O_NONBLOCK is never set on it.
//
// One thread at a time. The process ignores SIGPIPE, and SIGXFSZ if it has a limit for files.
class Target {
 public:
  // What one write takes as a whole, if it is not a regular file.
  static constexpr std::size_t kPieceBytes = 4096;

  // Creates a file with mode 0644, and appends to it. Creates no folder. A FIFO needs no reader: it
  // is opened for reading as well, so its pipe keeps the lines for the next reader; where only
  // writing is permitted, and nobody reads, each Write tries to open it. "/dev/stdout" and
  // "/dev/stderr" are what the process has inherited (inherited.h). Error: "open PATH: REASON".
  static absl::StatusOr<Target> Open(const std::string& path);

  // Goes on with what Open has opened for `name`, in the program that this one replaces or in
  // another process. An invalid descriptor: a FIFO that nobody reads yet. InvalidArgument: it is
  // nothing that a log is written to.
  static absl::StatusOr<Target> Adopt(ipc::UniqueFd fd, std::string name);
  // Its descriptor, for whoever adopts it. Invalid: it has none of its own (own_fd).
  ipc::UniqueFd Release() &&;

  // Of a descriptor that is open: 1 or 2. `name` is for messages.
  static absl::StatusOr<Target> OfInherited(int number, std::string name);

  // As write(2), but never waits: the number of bytes, or -1 and errno. EAGAIN: not now. Other than
  // to a file, write at most kPieceBytes: a pipe takes these as a whole or not at all.
  ssize_t Write(absl::string_view bytes);

  // Removes the last `bytes` of what Write has just written, half a line for which there was no
  // more room. False: it is no regular file, or another process has written since.
  bool TakeBack(std::size_t bytes);

  bool is_file() const { return kind_ == Kind::kFile; }
  // Whether it is what the process has inherited, by whatever name.
  bool is_inherited() const { return is_inherited_; }
  // For messages.
  const std::string& name() const { return name_; }
  // A descriptor to which a library may write without blocking. -1: there is none.
  int own_fd() const;

 private:
  enum class Kind {
    kFile,
    kPipe,          // with a description of our own, as kDevice
    kDevice,        // a terminal, /dev/null
    kSharedPipe,    // with the description of whoever started us
    kSharedDevice,  // the same, and whatever is none of the others
    kSocket,
  };

  Target(Kind kind, ipc::UniqueFd fd, std::string name)
      : kind_(kind), fd_(std::move(fd)), name_(std::move(name)) {}
  static absl::StatusOr<Target> OpenFifo(const std::string& path);

  Kind kind_;
  ipc::UniqueFd fd_;  // none: a FIFO that waits for a reader
  std::string name_;
  bool is_inherited_ = false;
  std::optional<SharedPipe> shared_pipe_;
};

}  // namespace muster::log

#endif  // MUSTER_LOG_TARGET_H_
