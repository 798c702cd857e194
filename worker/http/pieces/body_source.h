#ifndef MUSTER_WORKER_HTTP_PIECES_BODY_SOURCE_H_
#define MUSTER_WORKER_HTTP_PIECES_BODY_SOURCE_H_

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "muster/worker/http/pieces/handler_log.h"

namespace muster::worker::http {

// What becomes of the body of a request that its handler takes as it comes. The functions are
// called in the loop's thread, after Handler::Handle has returned, and never within a call of the
// handler. None may block. They are destroyed with the end of the body or of the request, in the
// loop's thread, so they may own the Reply.
struct BodyEvents {
  // The next piece, in order: what has come in one read, of 64 KiB at most. It is gone when the
  // call returns. Not called while the body is paused.
  std::function<void(absl::string_view piece)> on_piece = {};
  // The body is complete. The last call.
  std::function<void()> on_end = {};
  // The body does not come to its end: the client has left or is too slow, or the body is malformed
  // or too long. The worker has answered that, and the Reply has no effect. The last call.
  std::function<void()> on_gone = {};
};

// The body of one request on its way from the connection to the handler. What came while it was
// paused waits here: as much as one read of the connection brings.
class BodySource : public std::enable_shared_from_this<BodySource> {
 public:
  // The loop's thread. `log` is the handler's; its context outlives this.
  BodySource(HandlerLog& log, BodyEvents events)
      : log_(log), context_(log.context()), events_(std::move(events)) {}

  // ---- For the handler: as in IncomingBody. Any thread ----

  void Pause();
  void Resume();
  bool is_paused() const;

  // ---- For the connection: the loop's thread ----

  // Called in a round of its own when the body was paused or resumed. Null: no more.
  void SetOnChange(std::function<void()> on_change) { on_change_ = std::move(on_change); }
  void Add(absl::string_view piece);
  // The last piece was added.
  void Complete();
  // Called once, within Add, Complete or a round of its own, when a function of the handler has
  // thrown. Nothing more is told to the handler.
  void SetOnFailure(std::function<void()> on_failure) { on_failure_ = std::move(on_failure); }
  // The handler has answered: nothing more is told. May be called within a call of the functions.
  void Mute() { is_muted_ = true; }
  // No more comes, and nothing more is told, unless the handler `must_know` and has not answered.
  void Close(bool must_know);

 private:
  void Change();
  void Deliver();
  void TellPiece(absl::string_view piece);
  void Finish(std::function<void()> BodyEvents::*last_call, absl::string_view name);
  void Fail();

  HandlerLog& log_;
  Context& context_;
  // In the loop's thread.
  BodyEvents events_;
  std::function<void()> on_change_;
  std::function<void()> on_failure_;
  std::string waiting_;
  bool is_complete_ = false;
  bool is_muted_ = false;
  bool is_over_ = false;

  mutable std::mutex mutex_;  // not held across a call or a post
  bool is_paused_ = false;
  bool is_changed_ = false;
};

// A handler's hold of the body that it takes: Reply::TakeBody. Copies are of the same body. All
// calls are thread-safe. It may be kept after the end of the body, but must not be used when the
// handler is gone.
class IncomingBody {
 public:
  IncomingBody() = default;  // of no body
  explicit IncomingBody(std::shared_ptr<BodySource> source) : source_(std::move(source)) {}

  // Nothing is read from the client, and no piece is told, until Resume. The time does not count as
  // the client's: neither for body_timeout nor for min_body_bytes_per_second. From another thread
  // than the loop's, one more piece may be on its way.
  void Pause() const {
    if (source_ != nullptr) source_->Pause();
  }
  void Resume() const {
    if (source_ != nullptr) source_->Resume();
  }
  bool is_paused() const { return source_ != nullptr && source_->is_paused(); }

 private:
  std::shared_ptr<BodySource> source_;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_PIECES_BODY_SOURCE_H_
