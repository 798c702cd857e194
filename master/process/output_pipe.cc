#include "muster/master/process/output_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"

namespace muster::master {

absl::StatusOr<OutputPipe> OutputPipe::Make() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) < 0) return ipc::ErrnoStatus("pipe2");
  OutputPipe pipe = {ipc::UniqueFd(fds[0]), ipc::UniqueFd(fds[1])};
  if (::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK) < 0) return ipc::ErrnoStatus("fcntl of a pipe");
  return pipe;
}

bool ReadSome(int fd, std::size_t most, std::string* text) {
  char buffer[64 << 10];
  while (true) {
    const ssize_t got = ipc::RetryOnEintr([&] { return ::read(fd, buffer, sizeof(buffer)); });
    if (got <= 0) return got < 0 && errno == EAGAIN;
    text->append(buffer, std::min(static_cast<std::size_t>(got), most - text->size()));
  }
}

}  // namespace muster::master
