#ifndef MUSTER_MASTER_PROCESS_OUTPUT_PIPE_H_
#define MUSTER_MASTER_PROCESS_OUTPUT_PIPE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::master {

// A pipe for what a child writes. Close `write` when the child has it.
struct OutputPipe {
  ipc::UniqueFd read;  // does not block
  ipc::UniqueFd write;

  static absl::StatusOr<OutputPipe> Make();
};

// Adds what is there to `text`, up to `most` bytes in all; what is beyond is dropped. Does not
// wait. False: nothing more will come.
bool ReadSome(int fd, std::size_t most, std::string* text);

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_OUTPUT_PIPE_H_
