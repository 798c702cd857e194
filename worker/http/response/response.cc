#include "muster/worker/http/response/response.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "muster/worker/http/message/status_code.h"
#include "muster/worker/http/response/field_text.h"

namespace muster::worker::http {
namespace {

// What frames the response, or is the worker's to say.
constexpr absl::string_view kReserved[] = {"Content-Length", "Content-Type", "Transfer-Encoding",
                                           "Connection",     "Keep-Alive",   "Date",
                                           "Server",         "Trailer",      "Upgrade"};

}  // namespace

absl::Status CheckResponse(const Response& response) {
  const bool is_upgrade = response.status == kSwitchingProtocols && response.upgrade != nullptr &&
                          !response.upgrade_to.empty();
  if ((response.status < 200 && !is_upgrade) || response.status > 599) {
    return absl::InvalidArgumentError(absl::StrCat("status ", response.status));
  }
  if (response.status >= 200 && response.upgrade != nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("an upgrade with status ", response.status));
  }
  if (!response.upgrade_to.empty() && !IsToken(response.upgrade_to)) {
    return absl::InvalidArgumentError("upgrade_to is not a token");
  }
  if (!IsFieldValue(response.content_type)) {
    return absl::InvalidArgumentError("content_type has a control character");
  }
  for (const auto& [name, value] : response.headers) {
    const bool is_reserved = std::any_of(
        std::begin(kReserved), std::end(kReserved),
        [&name = name](absl::string_view r) { return absl::EqualsIgnoreCase(r, name); });
    if (!IsToken(name) || !IsFieldValue(value) || is_reserved) {
      return absl::InvalidArgumentError(
          absl::StrCat("header \"", absl::CEscape(name), "\"",
                       is_reserved ? " is the worker's to set" : " breaks the head"));
    }
  }
  return absl::OkStatus();
}

Answer AppendResponse(std::string& out, const Response& response, const ResponseStyle& style,
                      Persistence persistence, absl::string_view http_date, bool has_body) {
  const bool is_upgrade = response.upgrade != nullptr;
  // It is HTTP's no longer, so nothing is said of how long it is kept.
  ResponseHead head(out, response.status,
                    is_upgrade ? Persistence(Persistence::kKeepAlive) : persistence, http_date);
  if (!response.upgrade_to.empty()) {
    head.Field("Connection", "upgrade").Field("Upgrade", response.upgrade_to);
  }
  if (!is_upgrade && HasBody(response.status)) {
    if (!response.content_type.empty()) head.Field("Content-Type", response.content_type);
    head.Field("Content-Length", response.body.size());
  } else if (!is_upgrade && IsFramed(response.status)) {
    head.Field("Content-Length", 0);
  }
  for (const auto& [name, value] : response.headers) head.Field(name, value);
  out.append(style.FieldsFor(response.status));
  head.End();
  Answer answer;
  answer.status = response.status;
  answer.upgrade = response.upgrade;
  if (!is_upgrade && has_body && HasBody(response.status)) {
    out.append(response.body);
    answer.body_bytes = response.body.size();
  }
  return answer;
}

void AppendStreamedHead(std::string& out, const Response& response, const ResponseStyle& style,
                        Persistence persistence, absl::string_view http_date, bool is_chunked,
                        const std::vector<std::string>& trailers) {
  ResponseHead head(out, response.status, persistence, http_date);
  if (HasBody(response.status)) {
    if (!response.content_type.empty()) head.Field("Content-Type", response.content_type);
    if (is_chunked) head.Field("Transfer-Encoding", "chunked");
    if (is_chunked && !trailers.empty()) head.Field("Trailer", absl::StrJoin(trailers, ", "));
  } else if (IsFramed(response.status)) {
    head.Field("Content-Length", 0);
  }
  for (const auto& [name, value] : response.headers) head.Field(name, value);
  out.append(style.FieldsFor(response.status));
  head.End();
}

}  // namespace muster::worker::http
