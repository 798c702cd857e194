#ifndef MUSTER_PROTO_HTTP_HEADER_H_
#define MUSTER_PROTO_HTTP_HEADER_H_

#include <string>

#include "absl/strings/string_view.h"

namespace muster::config {

// What is wrong with a name or a value that a configuration adds to responses; empty: nothing. A
// name is a token of RFC 9110, 5.6.2, and not one of those that the HTTP service sets itself,
// framing above all. A value has no control characters, so that it ends neither its field nor
// the head.
std::string WhyNotHeaderName(absl::string_view name);
std::string WhyNotHeaderValue(absl::string_view value);

}  // namespace muster::config

#endif  // MUSTER_PROTO_HTTP_HEADER_H_
