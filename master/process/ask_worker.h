#ifndef MUSTER_MASTER_PROCESS_ASK_WORKER_H_
#define MUSTER_MASTER_PROCESS_ASK_WORKER_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "muster/proto/worker.pb.h"

namespace muster::master {

// How long a worker program may take to describe itself.
inline constexpr absl::Duration kDescribeTimeout = absl::Seconds(5);

// Runs the worker program `binary` with worker::kDescribeFlag and returns what it says: which
// messages `service` may have, and which handlers it knows. Blocks, at most for `timeout`; then
// the process is killed. FailedPrecondition: it says nothing of the kind; DeadlineExceeded: not
// in time. The message has the program's path, and the first line that it wrote to standard error.
absl::StatusOr<worker::v1::Description> AskWorker(const std::string& binary,
                                                  absl::Duration timeout = kDescribeTimeout);

// What ReadConfigFile wants: asks `worker_binary`, or if that is empty the configuration's, or the
// usual one.
std::function<absl::StatusOr<worker::v1::Description>(const std::string&)> AskWhenNeeded(
    std::string worker_binary);

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_ASK_WORKER_H_
