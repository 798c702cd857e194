#include "muster/worker/http/response/validated_page.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/worker/http/message/entity_tag.h"
#include "muster/worker/http/message/status_code.h"

namespace muster::worker::http {
namespace {

// The page has no time of modification, so that dates do not count (RFC 9110, 13.1.3 and 13.1.4).
int StatusFor(const RequestHead& request, absl::string_view entity_tag) {
  std::string list;
  const auto match = request.GetList(FieldName::kIfMatch, list);
  if (match.has_value() && !ListHasTag(*match, entity_tag, TagComparison::kStrong)) {
    return kPreconditionFailed;
  }
  const auto none_match = request.GetList(FieldName::kIfNoneMatch, list);
  if (none_match.has_value() && ListHasTag(*none_match, entity_tag, TagComparison::kWeak)) {
    return kNotModified;
  }
  return kOk;
}

PreparedResponse MakeWhole(absl::string_view type, absl::string_view fields, std::string body) {
  std::string all_fields =
      absl::StrCat("Content-Type: ", type, "\r\nContent-Length: ", body.size(), "\r\n", fields);
  return PreparedResponse(kOk, std::move(all_fields), std::move(body));
}

}  // namespace

ValidatedPage::ValidatedPage(absl::string_view type, std::string body, std::string entity_tag,
                             absl::string_view fields, const ResponseStyle& style)
    : entity_tag_(std::move(entity_tag)),
      fields_(absl::StrCat("ETag: ", entity_tag_, "\r\n", fields, style.FieldsFor(kOk))),
      whole_(MakeWhole(type, fields_, std::move(body))),
      style_(&style) {}

Answer ValidatedPage::Respond(const RequestHead& request, Persistence persistence,
                              const DateCache& date, std::string& out) {
  const bool has_body = request.method() != Method::kHead;
  const auto error = [&](int status, absl::string_view fields = "") -> Answer {
    const std::size_t bytes =
        style_->AppendError(out, status, persistence, date.http_date(), has_body, fields);
    return {status, bytes, nullptr};
  };
  if (request.method() == Method::kOptions) {
    style_->AppendOptions(out, persistence, date.http_date());
    return {kNoContent, 0, nullptr};
  }
  if (request.method() != Method::kGet && has_body) {
    return error(kMethodNotAllowed, kAllowReading);
  }
  const int status =
      request.is_conditional_or_partial() ? StatusFor(request, entity_tag_) : int{kOk};
  if (status == kPreconditionFailed) return error(status);
  if (status == kNotModified) {
    ResponseHead head(out, status, persistence, date.http_date());
    out.append(fields_);
    head.End();
    return {status, 0, nullptr};
  }
  whole_.AppendTo(out, persistence, date, has_body);
  return {status, has_body ? whole_.body().size() : 0, nullptr};
}

}  // namespace muster::worker::http
