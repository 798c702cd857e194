#include "muster/worker/http/reply.h"

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"
#include "muster/worker/http/message/status_code.h"

namespace muster::worker::http {
namespace {

Response ServerError() {
  return {.status = kInternalServerError,
          .body = ErrorPage(kInternalServerError),
          .content_type = std::string(kErrorPageType)};
}

}  // namespace

void AwaitedResponse::Accept(Response response) {
  // Only this thread makes a call, so if it is this one, is_in_call_ is this thread's own.
  if (std::this_thread::get_id() == loop_thread_ && is_in_call_) {
    Set(std::move(response));
    return;
  }
  // A response that comes while another connection has its turn must not get in between.
  auto self = shared_from_this();
  auto moved = std::make_shared<Response>(std::move(response));
  context_.Post([self = std::move(self), moved = std::move(moved)] {
    self->Set(std::move(*moved));
    if (self->on_response_ != nullptr) self->on_response_();
  });
}

void AwaitedResponse::Set(Response response) {
  const absl::Status status = CheckResponse(response);
  if (!status.ok()) {
    context_.Log(config::v1::Log::ERROR,
                 absl::StrCat("a handler's response cannot be sent: ", status.message()));
    response = ServerError();
  }
  response_ = std::move(response);
}

Reply& Reply::operator=(Reply&& other) {
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

}  // namespace muster::worker::http
