#ifndef MUSTER_EXAMPLES_COUNTER_COUNTER_HANDLER_H_
#define MUSTER_EXAMPLES_COUNTER_COUNTER_HANDLER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "muster/worker/http/handler.h"

namespace muster::examples {

// GET /counter/NAME tells its value; POST adds the number in the body, or 1 if that is empty, and
// tells the new value.
absl::StatusOr<std::unique_ptr<worker::http::Handler>> MakeCounterHandler(worker::Context& context);

}  // namespace muster::examples

#endif  // MUSTER_EXAMPLES_COUNTER_COUNTER_HANDLER_H_
