#ifndef MUSTER_WORKER_HTTP_REPLY_H_
#define MUSTER_WORKER_HTTP_REPLY_H_

#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "muster/worker/http/response/response.h"
#include "muster/worker/http/response/response_style.h"
#include "muster/worker/runtime/service.h"

namespace muster::worker::http {

// The response to one request that a handler has to answer. The connection waits for it. Everything
// but Accept belongs to the loop's thread.
class AwaitedResponse : public std::enable_shared_from_this<AwaitedResponse> {
 public:
  // `context`, and `style`, which is the location's, outlive it.
  AwaitedResponse(Context& context, const ResponseStyle& style)
      : context_(context), style_(style), loop_thread_(std::this_thread::get_id()) {}

  // Thread-safe. In the loop's thread, between BeginCall and EndCall, response() is set at once.
  // Otherwise a later round of the loop sets it and then calls `on_response`.
  void Accept(Response response);

  void BeginCall() { is_in_call_ = true; }
  void EndCall() { is_in_call_ = false; }
  // Null: nobody waits any more, since the connection has ended.
  void SetOnResponse(std::function<void()> on_response) { on_response_ = std::move(on_response); }
  const std::optional<Response>& response() const { return response_; }
  const ResponseStyle& style() const { return style_; }

 private:
  void Set(Response response);

  Context& context_;
  const ResponseStyle& style_;
  const std::thread::id loop_thread_;
  bool is_in_call_ = false;
  std::function<void()> on_response_;
  std::optional<Response> response_;
};

// Sends a handler's response to one request. It may be moved to other threads. It must not outlive
// the handler. If it is destroyed without Send, the client gets 500.
class Reply {
 public:
  explicit Reply(std::shared_ptr<AwaitedResponse> awaited) : awaited_(std::move(awaited)) {}
  Reply(Reply&&) = default;
  Reply& operator=(Reply&& other);
  ~Reply();

  // Call it once, from any thread. It has no effect if the client is gone. If the response fails
  // CheckResponse (worker/http/response/response.h), that is logged and the client gets 500.
  void Send(Response response);

 private:
  std::shared_ptr<AwaitedResponse> awaited_;  // null: sent, or moved from
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_REPLY_H_
