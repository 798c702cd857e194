#include "muster/master/process/spawn.h"

#include <utility>

#include "muster/ipc/base/status.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {

absl::StatusOr<SpawnedWorker> SpawnWorker(const WorkerProgram& program, const LaunchPlan* plan) {
  MUSTER_ASSIGN_OR_RETURN(ipc::Channel::Pair channel, ipc::Channel::CreatePair());
  // Before the worker has its end.
  channel.first.RefuseDescriptors();
  MUSTER_ASSIGN_OR_RETURN(Child process,
                          program.Start({}, {{channel.second.fd(), worker::kChannelFd}}, plan));
  return SpawnedWorker{std::move(process), std::move(channel.first)};
}

}  // namespace muster::master
