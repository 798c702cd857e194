#ifndef MUSTER_WORKER_HTTP_PIECES_HANDLER_LOG_H_
#define MUSTER_WORKER_HTTP_PIECES_HANDLER_LOG_H_

#include "absl/strings/string_view.h"
#include "muster/worker/runtime/context.h"
#include "muster/worker/throttle/throttled_log.h"

namespace muster::worker::http {

// What the log is told of the mistakes of one handler. Each request may be one, so the lines of one
// kind are throttled. Belongs to the loop's thread, but for context().
class HandlerLog {
 public:
  // `context` outlives it.
  explicit HandlerLog(Context& context);

  // `name`: what threw, of the handler's interface. `text`: what the exception says.
  void OnException(absl::string_view name, absl::string_view text);
  // The client gets 500 instead.
  void OnBadResponse(absl::string_view reason);
  // The response is sent without it.
  void OnBadTrailer(absl::string_view reason);

  Context& context() { return context_; }

 private:
  Context& context_;
  ThrottledLog log_;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_PIECES_HANDLER_LOG_H_
