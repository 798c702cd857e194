// What a connection does for a request that a handler has not answered to the end.

#include <sys/epoll.h>

#include "muster/worker/http/connection.h"
#include "muster/worker/http/input/request_reader.h"

namespace muster::worker::http {

void Connection::OnResponse() {
  // What goes before it is sent first.
  if (answers_.is_sending() && !answers_.TakesAbort()) return;
  share_.BeginTurn();
  if (!Continue({})) delete this;
}

void Connection::TakeFromHandler() {
  const bool is_in_body = partial_ != nullptr && partial_->is_in_body();
  if (answers_.is_streaming()) {
    if (!answers_.TakePieces()) return;
    if (is_in_body && !partial_->MayReadPast()) answers_.CloseAfterStream();
  } else {
    if (!answers_.awaited().response().has_value()) return;
    AnswerQueue::Following following = FollowingOf(partial_ != nullptr);
    following.leaves_body = is_in_body && !partial_->MayReadPast();
    following.waits_for_continue = is_in_body && partial_->waits_for_continue();
    answers_.FinishAwaited(following);
    if (is_in_body && answers_.has_asked_for_body()) partial_->AskedForPieces();
  }
  // It could not be read before.
  if (partial_ != nullptr && !is_in_body) partial_->set_start(share_.loop.now());
}

bool Connection::AwaitHandler() {
  if (ReadsPieces() && answers_.is_streaming() && partial_->waits_for_continue()) {
    // Without 100 (Continue) before the response the client need not send its body, ever.
    partial_->StopClock(share_.loop.now());
    timer_.Cancel();
    return Watch(kReadable);
  }
  if (ReadsPieces()) {
    partial_->StartClock(share_.loop.now());
    timer_.Set(partial_->BodyDeadline(share_.settings));
    return Watch(kReadable);
  }
  StopBodyClock();
  timer_.Cancel();
  // Of its end only, told once: half an end is no reason to leave.
  return Watch(EPOLLRDHUP | EPOLLET);
}

bool Connection::ReadsPieces() const {
  return partial_ != nullptr && partial_->is_in_body() && !answers_.is_body_paused();
}

void Connection::GivePiece(RequestReader& reader) {
  if (answers_.is_awaiting()) answers_.AddToBody(reader.body());
  reader.DropPiece();
}

bool Connection::MustAskForPieces() const {
  return ReadsPieces() && partial_->waits_for_continue() && answers_.is_awaiting() &&
         !answers_.is_streaming();
}

bool Connection::MayRefusePieces() {
  if (!answers_.is_awaiting()) return false;
  if (!answers_.is_streaming()) return true;
  if (answers_.is_stream_complete()) {
    answers_.CloseAfterStream();
  } else {
    answers_.AbortStream();
  }
  return false;
}

}  // namespace muster::worker::http
