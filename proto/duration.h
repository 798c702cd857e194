#ifndef MUSTER_PROTO_DURATION_H_
#define MUSTER_PROTO_DURATION_H_

#include <chrono>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/duration.pb.h"

namespace muster::config {

// Whether it keeps to its format (seconds and nanos of one sign, nanos under a second) and
// to what nanoseconds in 64 bits can say, some 292 years.
bool IsValid(const google::protobuf::Duration& duration);

// Of a valid duration; zero for another.
std::chrono::nanoseconds ToChrono(const google::protobuf::Duration& duration);
google::protobuf::Duration FromChrono(std::chrono::nanoseconds duration);

// Reads "60s", "1.5s", "500ms", "1h30m". Empty: it is no such thing.
std::optional<std::chrono::nanoseconds> ParseDuration(absl::string_view text);

// "60s", "500ms", "1.5s": seconds, or milliseconds if it is under a second.
std::string DurationText(std::chrono::nanoseconds duration);

}  // namespace muster::config

#endif  // MUSTER_PROTO_DURATION_H_
