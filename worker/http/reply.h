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

// The response that a connection waits for. Of the loop's thread but for Accept.
class AwaitedResponse : public std::enable_shared_from_this<AwaitedResponse> {
 public:
  // `style`: of the location.
  AwaitedResponse(Context& context, const ResponseStyle& style)
      : context_(context), style_(style), loop_thread_(std::this_thread::get_id()) {}

  // From any thread. During the handler's call, in the loop's thread, it is there at once; else
  // in a round of the loop, then `on_response` is called.
  void Accept(Response response);

  void BeginCall() { is_in_call_ = true; }
  void EndCall() { is_in_call_ = false; }
  // Null: the connection is gone.
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

// A handler's way to answer one request. May be moved to other threads; it outlives neither the
// handler nor, with it, the worker. If it is destroyed unsent, the client gets 500.
class Reply {
 public:
  explicit Reply(std::shared_ptr<AwaitedResponse> awaited) : awaited_(std::move(awaited)) {}
  Reply(Reply&&) = default;
  Reply& operator=(Reply&& other);
  ~Reply();

  // Once, from any thread. Without effect if the client is gone. A response that cannot be sent
  // (worker/http/response/response.h) is logged, and the client gets 500.
  void Send(Response response);

 private:
  std::shared_ptr<AwaitedResponse> awaited_;  // null: sent or moved away
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_REPLY_H_
