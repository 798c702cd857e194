#ifndef MUSTER_WORKER_HTTP_HANDLER_H_
#define MUSTER_WORKER_HTTP_HANDLER_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/worker/http/message/header_fields.h"
#include "muster/worker/http/reply.h"
#include "muster/worker/origin/origin.h"
#include "muster/worker/origin/peer_address.h"
#include "muster/worker/runtime/service.h"

namespace muster::worker::http {

// A client's request. Valid only until Handler::Handle returns.
struct Request {
  absl::string_view method;  // "GET", as the client wrote it
  absl::string_view path;    // decoded and normalized, with its leading slash: "/counter/a b"
  absl::string_view query;   // as the client sent it, without the question mark
  HeaderFields headers;
  // Complete; at most max_body_bytes of the location or of http. Empty, if the handler
  // TakesBodyInPieces.
  absl::string_view body;
  // Who has connected: as a trusted proxy told by the PROXY protocol, or else the connection's
  // peer. A field such as X-Forwarded-For is the client's to write, and is not looked at.
  PeerAddress client = {};
  absl::string_view listener = {};  // its name in the configuration; empty: it has none
  // On a Unix socket only: the process at the other end, as it was when it connected.
  std::optional<PeerCredentials> credentials = {};
  bool is_http_1_0 = false;
  // Its X-Request-ID, the client's or a new one, if the access log tells $request_id; or else
  // empty. The response has it too: no handler adds it.
  absl::string_view id = {};
};

// Answers the requests of the locations that name it. A worker has one object of each handler, even
// if several locations name it. All calls are made in the loop's thread and must not block. The
// destructor must end everything that the handler has started elsewhere, above all threads.
class Handler {
 public:
  virtual ~Handler() = default;

  // Answers with `reply`, before it returns or later. The client's next request waits for that.
  // An exception is logged with its text, and ends this request only: the client gets 500, unless
  // it was answered. A response in pieces that was begun is aborted. The same holds for an
  // exception from a function of BodyEvents or StreamOptions.
  virtual void Handle(const Request& request, Reply reply) = 0;

  // Whether Handle is called as soon as the head of a request is there, and takes its body as it
  // comes (Reply::TakeBody). max_body_bytes is the bound of such a body, too. Always the same.
  //
  // The handler may answer before the end of the body. Its client gets a whole response at once,
  // and no more pieces are told. Then at most 64 KiB that are left of a body of known length are
  // read past; after any other the connection is closed. A response in pieces goes on beside the
  // body, and what is left of that at its end is treated in the same way.
  virtual bool TakesBodyInPieces() const { return false; }

  // The worker is draining and waits for the requests that are not answered. Answer now those that
  // would otherwise wait for long.
  virtual void OnDrain() {}

  // Of a handler that takes connections over (Response::upgrade): their service, which belongs to
  // the handler. It is drained after the HTTP connections. What it gives to Context::HandOff, of
  // the context that the handler was made with, comes to Adopt of the service of the handler with
  // the same name in another worker. Null: it takes none.
  virtual Service* upgraded() { return nullptr; }
};

// Makes the handler. It is called if a location names the handler. An error refuses the reload, and
// is the reason that the operator reads.
using HandlerFactory = std::function<absl::StatusOr<std::unique_ptr<Handler>>(Context&)>;

// The handlers by name. A location names one in its `handler` field.
using Handlers = std::map<std::string, HandlerFactory>;

// A handler that calls `answer` for each request and sends the response at once.
HandlerFactory AnswerWith(std::function<Response(const Request&)> answer);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_HANDLER_H_
