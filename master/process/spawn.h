#ifndef MUSTER_MASTER_PROCESS_SPAWN_H_
#define MUSTER_MASTER_PROCESS_SPAWN_H_

#include <string>

#include "absl/status/statusor.h"
#include "muster/ipc/channel/channel.h"
#include "muster/ipc/process/pid_fd.h"

namespace muster::master {

// A worker process that was just started, and the master's end of its channel.
struct SpawnedWorker {
  ipc::PidFd process;
  ipc::Channel channel;
};

// Starts `binary` with the other end of a new channel under worker::kChannelFd. The child has
// standard input, output and error and that, no other descriptor, no blocked signal and
// default dispositions. Does not fork: gRPC's threads would not survive that. Blocks until the
// program is loaded; if it cannot be, that is the error, with the path.
absl::StatusOr<SpawnedWorker> SpawnWorker(const std::string& binary);

// Where the worker program is: `configured` unless that is empty, else `worker` beside this
// program, else ../worker/worker from there. The error names where it was looked for, and why it
// is not there or cannot be run.
absl::StatusOr<std::string> FindWorkerBinary(const std::string& configured);

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_SPAWN_H_
