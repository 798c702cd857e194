#ifndef MUSTER_EXAMPLES_EVENTS_EVENTS_H_
#define MUSTER_EXAMPLES_EVENTS_EVENTS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "muster/worker/http/handler.h"

namespace muster::examples {

// Server-sent events. POST publishes its body as an event, GET subscribes: the response goes on and
// has each event of any worker, with its number as its id. A client that comes back with
// Last-Event-ID gets what it has missed. A worker that drains ends its responses, so that its
// clients come back to another one.
absl::StatusOr<std::unique_ptr<worker::http::Handler>> MakeEvents(worker::Context& context);

}  // namespace muster::examples

#endif  // MUSTER_EXAMPLES_EVENTS_EVENTS_H_
