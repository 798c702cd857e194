#ifndef MUSTER_WORKER_HTTP_HANDLER_H_
#define MUSTER_WORKER_HTTP_HANDLER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/worker/http/message/header_fields.h"
#include "muster/worker/http/reply.h"
#include "muster/worker/runtime/service.h"

namespace muster::worker::http {

// What a client asks. Valid during Handler::Handle only.
struct Request {
  absl::string_view method;  // "GET"; as the client wrote it
  absl::string_view path;    // decoded and normal, with its slash: "/counter/a b"
  absl::string_view query;   // as it was sent, without the question mark
  HeaderFields headers;
  absl::string_view body;  // whole; at most http.max_body_bytes
};

// Answers the requests of the locations that name it. One object in a worker, in the loop's thread;
// no call may block. What it begins elsewhere, threads above all, it has ended when it is
// destroyed.
class Handler {
 public:
  virtual ~Handler() = default;

  // Answers by `reply`, before it returns or later. The client's next request waits until then.
  virtual void Handle(const Request& request, Reply reply) = 0;

  // The worker is to leave and waits for what is not answered: what would wait for long is to be
  // answered now.
  virtual void OnDrain() {}
};

// Makes the handler; called when a location names it. An error is the reason for which a reload
// is refused.
using HandlerFactory = std::function<absl::StatusOr<std::unique_ptr<Handler>>(Context&)>;

// By the names that `handler` of a location has in the configuration.
using Handlers = std::map<std::string, HandlerFactory>;

// A handler that answers at once.
HandlerFactory AnswerWith(std::function<Response(const Request&)> answer);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_HANDLER_H_
