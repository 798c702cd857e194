#ifndef MUSTER_LOG_SHARED_PIPE_H_
#define MUSTER_LOG_SHARED_PIPE_H_

#include <sys/types.h>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::log {

// Writes to a pipe without blocking, though its description is shared with other processes and has
// no O_NONBLOCK: setting that would change it for them, too. The bytes go through a pipe of its
// own, from which splice(2) moves them. One thread at a time.
class SharedPipe {
 public:
  // Error: no descriptors are left.
  static absl::StatusOr<SharedPipe> Create();

  // Writes `bytes`, at most PIPE_BUF, to the pipe `fd`: all or none of them, and not mixed with
  // others. As write(2): the number of bytes, or -1 and errno; EAGAIN: there is no room.
  ssize_t Write(int fd, absl::string_view bytes);

 private:
  SharedPipe(ipc::UniqueFd in, ipc::UniqueFd out) : in_(std::move(in)), out_(std::move(out)) {}

  ipc::UniqueFd in_;   // written by us
  ipc::UniqueFd out_;  // read by splice
};

}  // namespace muster::log

#endif  // MUSTER_LOG_SHARED_PIPE_H_
