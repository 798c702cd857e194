#ifndef MUSTER_MASTER_PROCESS_SPAWN_H_
#define MUSTER_MASTER_PROCESS_SPAWN_H_

#include "absl/status/statusor.h"
#include "muster/ipc/channel/channel.h"
#include "muster/master/launch/launch_plan.h"
#include "muster/master/process/child.h"
#include "muster/master/process/worker_program.h"

namespace muster::master {

// A worker process that was just started, and the master's end of its channel.
struct SpawnedWorker {
  Child process;
  ipc::Channel channel;
};

// Starts `program` with the other end of a new channel as descriptor worker::kChannelFd. The child
// has this, its own file, standard input, output and error, and no other descriptor. The rest,
// `plan` too, is as in WorkerProgram::Start.
absl::StatusOr<SpawnedWorker> SpawnWorker(const WorkerProgram& program,
                                          const LaunchPlan* plan = nullptr);

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_SPAWN_H_
