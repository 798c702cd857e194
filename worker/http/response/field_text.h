#ifndef MUSTER_WORKER_HTTP_RESPONSE_FIELD_TEXT_H_
#define MUSTER_WORKER_HTTP_RESPONSE_FIELD_TEXT_H_

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace muster::worker::http {

// A name that a header or trailer field may have (RFC 9110, 5.6.2).
inline bool IsToken(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           absl::string_view("!#$%&'*+-.^_`|~").find(c) != absl::string_view::npos;
  });
}

// A value that ends neither its line nor the fields.
inline bool IsFieldValue(absl::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return c != '\t' && absl::ascii_iscntrl(static_cast<unsigned char>(c));
  });
}

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_RESPONSE_FIELD_TEXT_H_
