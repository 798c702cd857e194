#ifndef MUSTER_EXAMPLES_ECHO_ECHO_H_
#define MUSTER_EXAMPLES_ECHO_ECHO_H_

#include <memory>

#include "absl/status/statusor.h"
#include "muster/worker/runtime/service.h"

namespace muster::examples {

// Sends back what it gets.
absl::StatusOr<std::unique_ptr<worker::Service>> MakeEcho(worker::Context& context);

}  // namespace muster::examples

#endif  // MUSTER_EXAMPLES_ECHO_ECHO_H_
