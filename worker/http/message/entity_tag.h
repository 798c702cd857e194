#ifndef MUSTER_WORKER_HTTP_MESSAGE_ENTITY_TAG_H_
#define MUSTER_WORKER_HTTP_MESSAGE_ENTITY_TAG_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace muster::worker::http {

// The strong entity tag of a file: its time of modification in nanoseconds and its size, in
// hexadecimal, and how it is encoded, if it is: "\"16345785d8a0000-1f4-gzip\"", quotes included.
std::string MakeEntityTag(std::int64_t modified_nanoseconds, std::uint64_t size_bytes,
                          absl::string_view coding = "");

// A weak one of a file that was changed so shortly before it was read, at `read_nanoseconds`, that
// another change may leave it the same time and size. No other reading has the same.
std::string MakeWeakEntityTag(std::int64_t modified_nanoseconds, std::uint64_t size_bytes,
                              std::int64_t read_nanoseconds, absl::string_view coding = "");

// How two tags are compared, RFC 9110, 8.8.3.2: strong wants both strong and equal, weak
// ignores the W/ mark.
enum class TagComparison { kStrong, kWeak };

// Whether `list`, the value of If-Match or If-None-Match, is "*" or has `tag`, strong or weak.
// A malformed list has what stands before the mistake.
bool ListHasTag(absl::string_view list, absl::string_view tag, TagComparison comparison);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_MESSAGE_ENTITY_TAG_H_
