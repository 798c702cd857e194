#include "muster/proto/http_header.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace muster::config {
namespace {

// Framing, and what is said once and by the service.
constexpr absl::string_view kOwnFields[] = {"Accept-Ranges",
                                            "Allow",
                                            "Connection",
                                            "Content-Encoding",
                                            "Content-Length",
                                            "Content-Range",
                                            "Content-Type",
                                            "Date",
                                            "ETag",
                                            "Keep-Alive",
                                            "Last-Modified",
                                            "Location",
                                            "Proxy-Connection",
                                            "Server",
                                            "TE",
                                            "Trailer",
                                            "Transfer-Encoding",
                                            "Upgrade"};

bool IsTokenCharacter(char c) {
  constexpr absl::string_view kOthers = "!#$%&'*+-.^_`|~";
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         kOthers.find(c) != absl::string_view::npos;
}

}  // namespace

std::string WhyNotHeaderName(absl::string_view name) {
  if (name.empty() || !std::all_of(name.begin(), name.end(), IsTokenCharacter)) {
    return absl::StrCat("\"", name, "\" is no name of a header; write \"X-Frame-Options\", say");
  }
  for (const absl::string_view own : kOwnFields) {
    if (absl::EqualsIgnoreCase(name, own)) {
      return absl::StrCat(own, " is set by the service itself");
    }
  }
  return "";
}

std::string WhyNotHeaderValue(absl::string_view value) {
  for (const char c : value) {
    if (c != '\t' && absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      return "has a control character, which a header cannot have";
    }
  }
  if (absl::StripAsciiWhitespace(value) != value) return "begins or ends with white space";
  return "";
}

}  // namespace muster::config
