#ifndef MUSTER_PROTO_LISTENER_NAME_H_
#define MUSTER_PROTO_LISTENER_NAME_H_

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace muster::config {

// As the rule of Listen.name.
inline constexpr std::size_t kMostListenerNameBytes = 64;

// Whether a listener may have this name: letters, digits, '_', '-' and '.'.
inline bool IsListenerName(absl::string_view name) {
  return !name.empty() && name.size() <= kMostListenerNameBytes &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' ||
                  c == '.';
         });
}

}  // namespace muster::config

#endif  // MUSTER_PROTO_LISTENER_NAME_H_
