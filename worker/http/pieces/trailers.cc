#include "muster/worker/http/pieces/trailers.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "muster/worker/http/response/field_text.h"

namespace muster::worker::http {
namespace {

constexpr absl::string_view kForbidden[] = {
    // Framing and the connection.
    "Connection", "Content-Length", "HTTP2-Settings", "Keep-Alive", "Proxy-Connection", "TE",
    "Trailer", "Transfer-Encoding", "Upgrade",
    // Routing.
    "Forwarded", "Host", "Via",
    // Request modifiers. Those that begin with "If-" are, too.
    "Cache-Control", "Expect", "Max-Forwards", "Pragma", "Range",
    // Authentication.
    "Authentication-Info", "Authorization", "Cookie", "Proxy-Authenticate",
    "Proxy-Authentication-Info", "Proxy-Authorization", "Set-Cookie", "WWW-Authenticate",
    // Control of the response.
    "Age", "Date", "Expires", "Location", "Retry-After", "Server", "Vary", "Warning",
    // How to read the content.
    "Content-Encoding", "Content-Location", "Content-Range", "Content-Type"};

}  // namespace

absl::Status CheckTrailerName(absl::string_view name) {
  if (!IsToken(name)) {
    return absl::InvalidArgumentError(
        absl::StrCat("trailer \"", absl::CEscape(name), "\": is not the name of a field"));
  }
  const bool is_forbidden =
      absl::StartsWithIgnoreCase(name, "If-") ||
      std::any_of(std::begin(kForbidden), std::end(kForbidden),
                  [name](absl::string_view f) { return absl::EqualsIgnoreCase(f, name); });
  if (!is_forbidden) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("trailer \"", name, "\": must not come behind a body"));
}

absl::Status CheckTrailer(absl::string_view name, absl::string_view value) {
  absl::Status status = CheckTrailerName(name);
  if (!status.ok()) return status;
  if (IsFieldValue(value)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("trailer \"", name, "\": its value has a control character"));
}

}  // namespace muster::worker::http
