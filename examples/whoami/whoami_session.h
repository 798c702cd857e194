#ifndef MUSTER_EXAMPLES_WHOAMI_WHOAMI_SESSION_H_
#define MUSTER_EXAMPLES_WHOAMI_WHOAMI_SESSION_H_

#include <memory>

#include "absl/status/statusor.h"
#include "muster/worker/stream/stream_service.h"

namespace muster::examples {

// A service over a byte stream that answers each piece of input with who sent it.
absl::StatusOr<std::unique_ptr<worker::Service>> MakeWhoami(worker::Context& context);

}  // namespace muster::examples

#endif  // MUSTER_EXAMPLES_WHOAMI_WHOAMI_SESSION_H_
