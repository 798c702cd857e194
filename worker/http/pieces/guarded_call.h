#ifndef MUSTER_WORKER_HTTP_PIECES_GUARDED_CALL_H_
#define MUSTER_WORKER_HTTP_PIECES_GUARDED_CALL_H_

#include <exception>
#include <string>

#include "absl/strings/string_view.h"
#include "muster/worker/http/pieces/handler_log.h"

namespace muster::worker::http {

// Calls what a handler gave. False: it threw, which is logged with `name`, of the handler's
// interface, and the text.
template <typename Call>
bool GuardedCall(HandlerLog& log, absl::string_view name, const Call& call) {
  std::string text;
  try {
    call();
    return true;
  } catch (const std::exception& e) {
    text = e.what();
  } catch (...) {
    text = "what it threw is no std::exception";
  }
  log.OnException(name, text);
  return false;
}

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_PIECES_GUARDED_CALL_H_
