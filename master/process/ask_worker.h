#ifndef MUSTER_MASTER_PROCESS_ASK_WORKER_H_
#define MUSTER_MASTER_PROCESS_ASK_WORKER_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "muster/master/launch/launch_plan.h"
#include "muster/master/process/worker_program.h"
#include "muster/proto/worker.pb.h"

namespace muster::master {

// How long a worker program may take to describe itself.
inline constexpr absl::Duration kDescribeTimeout = absl::Seconds(5);

// Runs `program` with worker::kDescribeFlag, as `plan` says, and returns its description: which
// messages `service` may have, and which handlers it knows. Blocks for at most `timeout`; then the
// process is killed, as when `stop_fd` (-1: none) becomes readable before. FailedPrecondition: the
// program does not describe itself. DeadlineExceeded: not in time. Cancelled: `stop_fd`. The
// message has the program's path, and the first line that it wrote to standard error.
absl::StatusOr<worker::v1::Description> AskWorker(const WorkerProgram& program,
                                                  const LaunchPlan& plan,
                                                  absl::Duration timeout = kDescribeTimeout,
                                                  int stop_fd = -1);

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_ASK_WORKER_H_
