#ifndef MUSTER_MASTER_PROCESS_SPAWN_H_
#define MUSTER_MASTER_PROCESS_SPAWN_H_

#include <string>

#include "absl/status/statusor.h"
#include "muster/ipc/channel/channel.h"
#include "muster/master/process/child.h"

namespace muster::master {

// A worker process that was just started, and the master's end of its channel.
struct SpawnedWorker {
  Child process;
  ipc::Channel channel;
};

// Starts `binary` with the other end of a new channel as descriptor worker::kChannelFd. The child
// has this, standard input, output and error, and no other descriptor (Child::Start says the rest).
// Blocks until the program is loaded. If it cannot be loaded, the error names the path.
absl::StatusOr<SpawnedWorker> SpawnWorker(const std::string& binary);

// The path of the worker program: `configured` if that is not empty, else `worker` next to this
// program, else ../worker/worker from there. The error names the paths that were tried, and why the
// program is missing or cannot be run.
absl::StatusOr<std::string> FindWorkerBinary(const std::string& configured);

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_SPAWN_H_
