#ifndef MUSTER_WORKER_HTTP_REPLY_H_
#define MUSTER_WORKER_HTTP_REPLY_H_

#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "muster/worker/http/pieces/body_source.h"
#include "muster/worker/http/pieces/handler_log.h"
#include "muster/worker/http/pieces/streamed_body.h"
#include "muster/worker/http/pieces/streamed_reply.h"
#include "muster/worker/http/response/response.h"
#include "muster/worker/http/response/response_style.h"

namespace muster::worker::http {

// The response to one request that a handler has to answer, and the request's body if the handler
// takes that as it comes. The connection waits for it. Everything but Accept and MakeStreamedBody
// belongs to the loop's thread.
class AwaitedResponse : public std::enable_shared_from_this<AwaitedResponse> {
 public:
  // `log`, which is the handler's, and `style`, which is the location's, are not used once the
  // handler is gone. The context of `log` outlives it: a task that was not run may keep a reply.
  // `has_body_in_pieces`: the request has a body that may be incomplete. So what the client sends
  // is not another protocol's yet, and no response upgrades the connection.
  AwaitedResponse(HandlerLog& log, const ResponseStyle& style, bool has_body_in_pieces)
      : log_(log),
        context_(log.context()),
        style_(style),
        loop_thread_(std::this_thread::get_id()),
        has_body_in_pieces_(has_body_in_pieces) {}

  // Thread-safe. In the loop's thread, between BeginCall and EndCall, response() is set at once.
  // Otherwise a later round of the loop sets it and then calls `on_response`. `body`: not null if
  // the body is written in pieces; it may still be written to.
  void Accept(Response response, std::shared_ptr<StreamedBody> body = nullptr);
  // Thread-safe.
  std::shared_ptr<StreamedBody> MakeStreamedBody(StreamOptions options) {
    return std::make_shared<StreamedBody>(log_, loop_thread_, std::move(options));
  }
  // The handler takes the request's body. Between BeginCall and EndCall.
  std::shared_ptr<BodySource> TakeBody(BodyEvents events);

  void BeginCall() { is_in_call_ = true; }
  void EndCall() { is_in_call_ = false; }
  // A call of the handler has thrown. A response in pieces is aborted. Without any response()
  // this is the 500 that the client gets: between BeginCall and EndCall at once, or else in a later
  // round, as after Accept.
  void Fail();
  // Also called when there are pieces to take of a response's body, and when the handler pauses or
  // resumes the request's.
  void SetOnResponse(std::function<void()> on_response);
  // Nobody waits any more: the response is over, or the connection has ended. What is left of the
  // request's body is dropped, and nothing is told of that.
  void Leave();

  const std::optional<Response>& response() const { return response_; }
  // Null: the response is whole.
  const std::shared_ptr<StreamedBody>& streamed_body() const { return streamed_body_; }
  // Null: the handler does not take the request's body.
  const std::shared_ptr<BodySource>& request_body() const { return request_body_; }
  const ResponseStyle& style() const { return style_; }

 private:
  void Set(Response response, std::shared_ptr<StreamedBody> body);
  absl::Status CheckUpgrade(bool is_in_pieces) const;
  void End();

  HandlerLog& log_;
  Context& context_;
  const ResponseStyle& style_;
  const std::thread::id loop_thread_;
  const bool has_body_in_pieces_;
  bool is_in_call_ = false;
  bool is_left_ = false;
  std::function<void()> on_response_;
  std::optional<Response> response_;
  std::shared_ptr<StreamedBody> streamed_body_;
  std::shared_ptr<BodySource> request_body_;
};

// Sends a handler's response to one request. It may be moved to other threads. It must not outlive
// the handler. If it is destroyed without Send or Begin, the client gets 500.
class Reply {
 public:
  explicit Reply(std::shared_ptr<AwaitedResponse> awaited) : awaited_(std::move(awaited)) {}
  Reply(Reply&&) = default;
  Reply& operator=(Reply&& other) noexcept;
  ~Reply();

  // Call it once, from any thread. It has no effect if the client is gone. If the response fails
  // CheckResponse (worker/http/response/response.h), that is logged and the client gets 500.
  void Send(Response response);

  // Instead of Send, from any thread: begins a response whose body is written in pieces, of which
  // `head.body` is the first one. If it fails CheckResponse, or one of the names of trailers fails
  // CheckTrailerName, that is logged, the client gets 500, and the StreamedReply is_gone.
  StreamedReply Begin(Response head, StreamOptions options = {});

  // Takes the request's body as it comes, instead of Request::body. Within Handler::Handle only, of
  // a handler that TakesBodyInPieces. What is not taken is read and dropped. A body that has no
  // bytes ends at once.
  IncomingBody TakeBody(BodyEvents events);

 private:
  std::shared_ptr<AwaitedResponse> awaited_;  // null: sent, or moved from
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_REPLY_H_
