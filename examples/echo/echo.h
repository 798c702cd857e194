#ifndef EXAMPLES_ECHO_ECHO_H_
#define EXAMPLES_ECHO_ECHO_H_

#include <memory>

#include "absl/status/statusor.h"
#include "worker/service.h"

namespace muster::examples {

// Sends back what it gets.
absl::StatusOr<std::unique_ptr<worker::Service>> MakeEcho(worker::Context& context);

}  // namespace muster::examples

#endif  // EXAMPLES_ECHO_ECHO_H_
