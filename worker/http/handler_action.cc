#include "muster/worker/http/handler_action.h"

#include "absl/strings/strip.h"
#include "muster/worker/http/pieces/guarded_call.h"

namespace muster::worker::http {

Answer HandlerAction::Respond(const RequestHead& request, const RequestTarget& target,
                              absl::string_view body, const Origin& origin,
                              const ResponseStyle& style, Persistence persistence,
                              absl::string_view http_date, absl::string_view request_id,
                              std::string& out) const {
  const absl::string_view line = request.line();
  auto awaited = std::make_shared<AwaitedResponse>(
      *log_, style, request.has_body() && handler_->TakesBodyInPieces());
  awaited->BeginCall();
  const bool is_handled = GuardedCall(*log_, "Handler::Handle", [&] {
    handler_->Handle({.method = line.substr(0, line.find(' ')),
                      .path = target.path(),
                      .query = absl::StripPrefix(target.query(), "?"),
                      .headers = HeaderFields(request.fields()),
                      .body = body,
                      .client = origin.address,
                      .listener = origin.listener,
                      .credentials = origin.credentials,
                      .is_http_1_0 = request.is_http_1_0(),
                      .id = request_id},
                     Reply(awaited));
  });
  if (!is_handled) awaited->Fail();
  awaited->EndCall();
  if (awaited->response().has_value() && awaited->streamed_body() == nullptr) {
    awaited->Leave();
    return AppendResponse(out, *awaited->response(), style, persistence, http_date,
                          request.method() != Method::kHead);
  }
  Answer answer;
  answer.awaited = std::move(awaited);
  return answer;
}

}  // namespace muster::worker::http
