#include "muster/master/deployment/worker_question.h"

#include <utility>

#include "absl/status/statusor.h"
#include "muster/ipc/base/status.h"
#include "muster/master/deployment/worker_launch.h"
#include "muster/master/process/ask_worker.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/worker.pb.h"

namespace muster::master {

config::DescribeWorker AskWhenNeeded(std::shared_ptr<WorkerFinder> finder, int stop_fd) {
  return [finder = std::move(finder),
          stop_fd](const config::v1::Config& config) -> absl::StatusOr<worker::v1::Description> {
    MUSTER_ASSIGN_OR_RETURN(const std::shared_ptr<const WorkerProgram> program,
                            finder->Find(config.worker_binary()));
    MUSTER_ASSIGN_OR_RETURN(const WorkerLaunch launch, WorkerLaunch::Find(config));
    return AskWorker(*program, launch.PlanOf(0), kDescribeTimeout, stop_fd);
  };
}

}  // namespace muster::master
