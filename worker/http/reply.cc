#include "muster/worker/http/reply.h"

#include "muster/ipc/base/check.h"
#include "muster/worker/http/message/status_code.h"

namespace muster::worker::http {
namespace {

Response ServerError() {
  return {.status = kInternalServerError,
          .body = ErrorPage(kInternalServerError),
          .content_type = std::string(kErrorPageType)};
}

absl::Status CheckTrailerNames(const StreamedBody& body) {
  for (const std::string& name : body.trailer_names()) {
    absl::Status status = CheckTrailerName(name);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

void AwaitedResponse::Accept(Response response, std::shared_ptr<StreamedBody> body) {
  if (std::this_thread::get_id() == loop_thread_) {
    // A whole response is all that the handler has to do with the request.
    if (body == nullptr && request_body_ != nullptr) request_body_->Mute();
    // Only this thread makes a call, so is_in_call_ is this thread's own.
    if (is_in_call_) {
      Set(std::move(response), std::move(body));
      return;
    }
  }
  // A response that comes while another connection has its turn must not get in between.
  auto self = shared_from_this();
  auto moved = std::make_shared<Response>(std::move(response));
  context_.Post([self = std::move(self), moved = std::move(moved), body = std::move(body)] {
    self->Set(std::move(*moved), body);
    if (self->on_response_ != nullptr) self->on_response_();
  });
}

void AwaitedResponse::Set(Response response, std::shared_ptr<StreamedBody> body) {
  absl::Status status = CheckResponse(response);
  if (status.ok() && response.upgrade != nullptr) status = CheckUpgrade(body != nullptr);
  if (status.ok() && body != nullptr) status = CheckTrailerNames(*body);
  if (!status.ok()) {
    log_.OnBadResponse(status.message());
    response = ServerError();
  }
  response_ = std::move(response);
  if (body == nullptr) return;
  if (is_left_ || !status.ok()) {
    context_.Post([body = std::move(body)] { body->Cut(); });
    return;
  }
  streamed_body_ = std::move(body);
  streamed_body_->SetOnPieces(on_response_);
}

absl::Status AwaitedResponse::CheckUpgrade(bool is_in_pieces) const {
  if (is_in_pieces) return absl::InvalidArgumentError("an upgrade in pieces");
  if (has_body_in_pieces_) {
    return absl::InvalidArgumentError("an upgrade of a request whose body comes in pieces");
  }
  return absl::OkStatus();
}

std::shared_ptr<BodySource> AwaitedResponse::TakeBody(BodyEvents events) {
  MUSTER_CHECK(is_in_call_ && request_body_ == nullptr, "a body is taken once, within Handle");
  request_body_ = std::make_shared<BodySource>(log_, std::move(events));
  request_body_->SetOnFailure([weak = weak_from_this()] {
    if (const std::shared_ptr<AwaitedResponse> self = weak.lock()) self->Fail();
  });
  return request_body_;
}

void AwaitedResponse::Fail() {
  if (!is_in_call_) {
    return context_.Post([weak = weak_from_this()] {
      const std::shared_ptr<AwaitedResponse> self = weak.lock();
      if (self == nullptr || self->is_left_) return;
      self->End();
      // A copy: the call may end the request, and with it the original.
      const std::function<void()> on_response = self->on_response_;
      if (on_response != nullptr) on_response();
    });
  }
  End();
}

void AwaitedResponse::End() {
  if (streamed_body_ != nullptr) {
    streamed_body_->Abort();
  } else if (!response_.has_value()) {
    response_ = ServerError();
  }
}

void AwaitedResponse::SetOnResponse(std::function<void()> on_response) {
  on_response_ = std::move(on_response);
  if (streamed_body_ != nullptr) streamed_body_->SetOnPieces(on_response_);
  if (request_body_ != nullptr) request_body_->SetOnChange(on_response_);
}

void AwaitedResponse::Leave() {
  is_left_ = true;
  SetOnResponse(nullptr);
  // Here, and not at the end of this, which may come in a thread that has sent the reply.
  if (request_body_ != nullptr) request_body_->Close(/*must_know=*/false);
}

Reply& Reply::operator=(Reply&& other) noexcept {
  std::swap(awaited_, other.awaited_);
  return *this;
}

Reply::~Reply() {
  if (awaited_ != nullptr) awaited_->Accept(ServerError());
}

void Reply::Send(Response response) {
  MUSTER_CHECK(awaited_ != nullptr, "a reply is sent once");
  std::exchange(awaited_, nullptr)->Accept(std::move(response));
}

StreamedReply Reply::Begin(Response head, StreamOptions options) {
  MUSTER_CHECK(awaited_ != nullptr, "a reply is sent once");
  std::shared_ptr<StreamedBody> body = awaited_->MakeStreamedBody(std::move(options));
  body->Write(std::exchange(head.body, {}));
  std::exchange(awaited_, nullptr)->Accept(std::move(head), body);
  return StreamedReply(std::move(body));
}

IncomingBody Reply::TakeBody(BodyEvents events) {
  MUSTER_CHECK(awaited_ != nullptr, "the body is taken before the reply is sent");
  return IncomingBody(awaited_->TakeBody(std::move(events)));
}

}  // namespace muster::worker::http
