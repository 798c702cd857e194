#ifndef MUSTER_PROTO_COUNTED_H_
#define MUSTER_PROTO_COUNTED_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace muster::config {

// A number of things for a message: "1 worker", "2 workers". `plural` is for nouns that take more
// than an "s": Counted(2, "crash", "crashes").
std::string Counted(std::uint64_t count, absl::string_view noun, absl::string_view plural = "");

}  // namespace muster::config

#endif  // MUSTER_PROTO_COUNTED_H_
