#ifndef MUSTER_PROTO_UTF8_H_
#define MUSTER_PROTO_UTF8_H_

#include "absl/strings/string_view.h"

namespace muster::config {

// Whether it is UTF-8 as RFC 3629 has it: a text field with anything else in it can be written, but
// not be read again.
bool IsUtf8(absl::string_view text);

}  // namespace muster::config

#endif  // MUSTER_PROTO_UTF8_H_
