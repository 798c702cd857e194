#ifndef MUSTER_WORKER_HTTP_HTTP_SERVICE_H_
#define MUSTER_WORKER_HTTP_HTTP_SERVICE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/runtime/service.h"

namespace muster::worker::http {

// Makes the HTTP/1.1 service that config().http() describes. docs/HTTP.md documents what it serves.
// `context` outlives it; `handlers` are used during the call only. The process must ignore SIGPIPE,
// and accepted sockets must have TCP_NODELAY. An error names the field of the configuration that is
// wrong.
absl::StatusOr<std::unique_ptr<Service>> MakeHttpService(Context& context,
                                                         const Handlers& handlers = {});

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_HTTP_SERVICE_H_
