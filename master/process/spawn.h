#ifndef MUSTER_MASTER_PROCESS_SPAWN_H_
#define MUSTER_MASTER_PROCESS_SPAWN_H_

#include <vector>

#include "absl/status/statusor.h"
#include "muster/ipc/channel/channel.h"
#include "muster/master/launch/launch_plan.h"
#include "muster/master/logs/worker_logs.h"
#include "muster/master/process/child.h"
#include "muster/master/process/worker_program.h"
#include "muster/proto/worker.pb.h"

namespace muster::master {

// A worker process that was just started, and the master's end of its channel.
struct SpawnedWorker {
  Child process;
  ipc::Channel channel;
  std::vector<worker::v1::Log> logs{};  // which it has inherited
};

// Starts `program` with the other end of a new channel as descriptor worker::kChannelFd, and with
// `logs`, which this opens, from worker::kFirstLogFd on. The child has these, its own file,
// standard input, output and error, and no other descriptor. The rest, `plan` too, is as in
// WorkerProgram::Start. The error has the field of a log that cannot be opened.
absl::StatusOr<SpawnedWorker> SpawnWorker(const WorkerProgram& program,
                                          const LaunchPlan* plan = nullptr,
                                          const std::vector<WorkerLog>& logs = {});

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_SPAWN_H_
