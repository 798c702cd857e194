#ifndef MUSTER_WORKER_HTTP_HTTP_SERVICE_H_
#define MUSTER_WORKER_HTTP_HTTP_SERVICE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/runtime/service.h"

namespace muster::worker::http {

// The HTTP/1.1 service of config().http(); docs/HTTP.md says what it serves. The process ignores
// SIGPIPE, and accepted sockets have TCP_NODELAY. Errors name the field of the configuration that
// is wrong.
absl::StatusOr<std::unique_ptr<Service>> MakeHttpService(Context& context,
                                                         const Handlers& handlers = {});

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_HTTP_SERVICE_H_
