#ifndef MUSTER_WORKER_TESTING_ECHO_SERVICE_H_
#define MUSTER_WORKER_TESTING_ECHO_SERVICE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "muster/worker/runtime/service.h"

namespace muster::worker::testing {

// Answers each line with "PID LINE". A request is in flight from a line's first byte to its end.
// Opens the access log again.
absl::StatusOr<std::unique_ptr<Service>> MakeEchoService(Context& context);

}  // namespace muster::worker::testing

#endif  // MUSTER_WORKER_TESTING_ECHO_SERVICE_H_
