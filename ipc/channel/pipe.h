#ifndef MUSTER_IPC_CHANNEL_PIPE_H_
#define MUSTER_IPC_CHANNEL_PIPE_H_

#include <climits>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/transfer_outcome.h"

namespace muster::ipc {

// A pipe carries records of 1 to PIPE_BUF (4096) bytes in one direction. Each record is written and
// received whole, with any number of writers (the kernel's packet mode, O_DIRECT). For descriptors
// or answers use a Channel.
//
// Threads: the objects keep no state between calls; any number of calls may run at once. Fork: both
// processes hold the end. An end is gone when its last copy is closed, so close unused copies.
// The descriptors are non-blocking and close-on-exec; Send and Receive block in poll, at the
// longest until their deadline, try at least once, and then return DeadlineExceeded.
inline constexpr std::size_t kMaxPipeRecordBytes = PIPE_BUF;

// Owns the writing end of a pipe.
class PipeWriter {
 public:
  // Takes ownership of the writing end of a pipe or FIFO. It becomes non-blocking and uses packet
  // mode, in all processes that hold this open file description. InvalidArgument: `fd` is not such
  // an end. On any error it is closed.
  static absl::StatusOr<PipeWriter> Adopt(UniqueFd fd);

  // TrySend never blocks. kPeerGone: no process has the reading end open; there is no SIGPIPE.
  // InvalidArgument: the record is empty or too long.
  absl::StatusOr<SendOutcome> TrySend(absl::string_view record) const;
  absl::StatusOr<SendOutcome> Send(absl::string_view record,
                                   Deadline deadline = Deadline::Never()) const;

  int fd() const { return fd_.get(); }

 private:
  explicit PipeWriter(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

// Owns the reading end of a pipe.
class PipeReader {
 public:
  // As PipeWriter::Adopt, for the reading end.
  static absl::StatusOr<PipeReader> Adopt(UniqueFd fd);

  // The next record replaces *record and reuses its capacity. TryReceive never blocks. kPeerGone:
  // all records were read and no writer is left. For a FIFO that no process has opened for writing
  // yet, TryReceive returns kWouldBlock and Receive blocks.
  absl::StatusOr<ReceiveOutcome> TryReceive(std::string* record) const;
  absl::StatusOr<ReceiveOutcome> Receive(std::string* record,
                                         Deadline deadline = Deadline::Never()) const;

  int fd() const { return fd_.get(); }

 private:
  explicit PipeReader(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

// Both ends of a new pipe.
struct Pipe {
  // Fails with the kernel's error when this process has no free descriptors.
  static absl::StatusOr<Pipe> Create();

  PipeReader reader;
  PipeWriter writer;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_CHANNEL_PIPE_H_
