#ifndef MUSTER_WORKER_HTTP_MESSAGE_BYTE_RANGE_H_
#define MUSTER_WORKER_HTTP_MESSAGE_BYTE_RANGE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"

namespace muster::worker::http {

// Of a body; at least one byte.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t bytes = 0;

  std::uint64_t last() const { return first + bytes - 1; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

using ByteRanges = absl::InlinedVector<ByteRange, 2>;

struct RangeRequest {
  enum class Kind {
    kWhole,          // answer as if there were no Range
    kPartial,        // with `ranges`, in the order asked for
    kUnsatisfiable,  // none of them begins within the body
  };
  Kind kind = Kind::kWhole;
  ByteRanges ranges;
};

// More ranges than this get the whole body.
inline constexpr std::size_t kMaxRanges = 32;

// What the value of Range asks of a body of `size_bytes`. A malformed one, another unit, and
// ranges that together are longer than the body (which no honest client needs) get the whole.
RangeRequest ParseRange(absl::string_view value, std::uint64_t size_bytes);

// The value of Content-Range for `range` of a body of `size_bytes`: "bytes 2-4/10".
std::string ContentRange(const ByteRange& range, std::uint64_t size_bytes);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_MESSAGE_BYTE_RANGE_H_
