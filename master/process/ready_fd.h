#ifndef MUSTER_MASTER_PROCESS_READY_FD_H_
#define MUSTER_MASTER_PROCESS_READY_FD_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::master {

// The descriptor on which whoever started the master waits until it serves (--ready-fd). It gets
// one line and is closed. If the object is destroyed before, it is closed without a line, so that
// the reader does not wait in vain. No child of the master inherits it.
class ReadyFd {
 public:
  ReadyFd() = default;  // nobody waits

  // Takes over the descriptor `number`. To be called before the process opens a descriptor, which
  // might get that number. Error: it is not open, or not for writing.
  static absl::StatusOr<ReadyFd> Adopt(int number);

  // Writes the addresses with spaces between them and a newline, and closes. Does nothing if nobody
  // waits, or after the first time. Never waits. Unavailable: a pipe that nobody reads is full.
  absl::Status Tell(const std::vector<std::string>& addresses);
  // Nobody waits, or not any more.
  bool is_done() const { return !fd_.valid(); }

 private:
  explicit ReadyFd(ipc::UniqueFd fd) : fd_(std::move(fd)) {}

  ipc::UniqueFd fd_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_READY_FD_H_
