#ifndef MUSTER_MASTER_PROCESS_READY_FD_H_
#define MUSTER_MASTER_PROCESS_READY_FD_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::master {

// A descriptor on which whoever started the master waits until it serves (--ready-fd): it gets one
// line, and is closed. It is closed without a line if this is destroyed before, so that the reader
// never waits for nothing. No child of the master inherits it.
class ReadyFd {
 public:
  ReadyFd() = default;  // nobody waits

  // Takes the descriptor `number` over. To be called before the process opens any, which might get
  // that number. Error: it is not open, or not for writing.
  static absl::StatusOr<ReadyFd> Adopt(int number);

  // Writes the addresses with spaces between them and a newline, and closes. Does nothing if
  // nobody waits, or after the first time. Blocks while a pipe of the reader's is full.
  absl::Status Tell(const std::vector<std::string>& addresses);

 private:
  explicit ReadyFd(ipc::UniqueFd fd) : fd_(std::move(fd)) {}

  ipc::UniqueFd fd_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_READY_FD_H_
