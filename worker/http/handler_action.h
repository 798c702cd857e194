#ifndef MUSTER_WORKER_HTTP_HANDLER_ACTION_H_
#define MUSTER_WORKER_HTTP_HANDLER_ACTION_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/http/message/request_head.h"
#include "muster/worker/http/message/request_target.h"
#include "muster/worker/http/pieces/handler_log.h"
#include "muster/worker/http/response/answer.h"
#include "muster/worker/http/response/response_head.h"
#include "muster/worker/http/response/response_style.h"
#include "muster/worker/origin/origin.h"

namespace muster::worker::http {

// What a location does that names a handler.
class HandlerAction {
 public:
  // `log` outlives it. Locations that name the same handler share both.
  HandlerAction(std::shared_ptr<Handler> handler, HandlerLog& log)
      : handler_(std::move(handler)), log_(&log) {}

  // Appended to `out`, unless it is awaited. `origin`: the client's. `style` is the location's and
  // outlives the response.
  Answer Respond(const RequestHead& request, const RequestTarget& target, absl::string_view body,
                 const Origin& origin, const ResponseStyle& style, Persistence persistence,
                 absl::string_view http_date, absl::string_view request_id, std::string& out) const;

  Handler& handler() const { return *handler_; }

 private:
  std::shared_ptr<Handler> handler_;
  HandlerLog* log_;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_HANDLER_ACTION_H_
