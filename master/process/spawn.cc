#include "muster/master/process/spawn.h"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "muster/ipc/base/check.h"
#include "muster/ipc/base/status.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {

absl::StatusOr<SpawnedWorker> SpawnWorker(const WorkerProgram& program, const LaunchPlan* plan,
                                          const std::vector<WorkerLog>& logs) {
  MUSTER_CHECK(logs.size() <= worker::kMostLogs, "a configuration has few logs");
  MUSTER_ASSIGN_OR_RETURN(OpenedLogs opened, OpenWorkerLogs(logs));
  MUSTER_ASSIGN_OR_RETURN(ipc::Channel::Pair channel, ipc::Channel::CreatePair());
  // Before the worker has its end.
  channel.first.RefuseDescriptors();
  std::vector<std::pair<int, int>> descriptors = {{channel.second.fd(), worker::kChannelFd}};
  for (std::size_t i = 0; i < opened.fds.size(); ++i) {
    const int number = worker::kFirstLogFd + static_cast<int>(i);
    descriptors.emplace_back(opened.fds[i].get(), number);
    opened.logs[i].set_fd(static_cast<std::uint32_t>(number));
  }
  MUSTER_ASSIGN_OR_RETURN(Child process, program.Start({}, std::move(descriptors), plan));
  return SpawnedWorker{std::move(process), std::move(channel.first), std::move(opened.logs)};
}

}  // namespace muster::master
