#ifndef MUSTER_IPC_CHANNEL_PIPE_H_
#define MUSTER_IPC_CHANNEL_PIPE_H_

#include <climits>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/transfer_outcome.h"

namespace muster::ipc {

// A pipe of records of 1 to PIPE_BUF (4096) bytes. Each is written whole and received whole,
// however many writers there are (the kernel's packet mode, O_DIRECT). One way only; for
// descriptors or answers use a Channel.
//
// Threads: calls keep no state here; any number may run at once. Fork: both processes hold
// the end; an end is gone when its last copy is closed, so close what is not used.
// The descriptors are non-blocking and close-on-exec; the calls that block poll.
inline constexpr std::size_t kMaxPipeRecordBytes = PIPE_BUF;

class PipeWriter {
 public:
  // Takes over the writing end of a pipe or FIFO, which all its holders then find
  // non-blocking and in packet mode. InvalidArgument: it is not one; it is closed then.
  static absl::StatusOr<PipeWriter> Adopt(UniqueFd fd);

  // kPeerGone: nobody has the other end open; no SIGPIPE is raised. InvalidArgument: an
  // empty or too long record.
  absl::StatusOr<SendOutcome> TrySend(absl::string_view record) const;
  absl::StatusOr<SendOutcome> Send(absl::string_view record) const;

  int fd() const { return fd_.get(); }

 private:
  explicit PipeWriter(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

class PipeReader {
 public:
  static absl::StatusOr<PipeReader> Adopt(UniqueFd fd);

  // The next record replaces *record, whose capacity is reused. kPeerGone: all was read
  // and no writer is left. A FIFO that nobody has opened for writing yet would block.
  absl::StatusOr<ReceiveOutcome> TryReceive(std::string* record) const;
  absl::StatusOr<ReceiveOutcome> Receive(std::string* record) const;

  int fd() const { return fd_.get(); }

 private:
  explicit PipeReader(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

struct Pipe {
  static absl::StatusOr<Pipe> Create();

  PipeReader reader;
  PipeWriter writer;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_CHANNEL_PIPE_H_
