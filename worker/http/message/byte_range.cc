#include "muster/worker/http/message/byte_range.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace muster::worker::http {
namespace {

// Takes the digits off the front of `text`. None: there are none. A number too large for the type
// is the largest of it, which is behind the end of any file.
std::optional<std::uint64_t> TakeNumber(absl::string_view& text) {
  constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t value = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[digits]));
       ++digits) {
    const std::uint64_t digit = static_cast<std::uint64_t>(text[digits] - '0');
    value = value > (kLargest - digit) / 10 ? kLargest : value * 10 + digit;
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

// One "first-", "first-last" or "-suffix". False: malformed. What lies behind the end gives
// no range, and is no mistake.
bool ParseOne(absl::string_view text, std::uint64_t size_bytes, ByteRanges& ranges) {
  const std::optional<std::uint64_t> first = TakeNumber(text);
  if (text.empty() || text.front() != '-') return false;
  text.remove_prefix(1);
  const std::optional<std::uint64_t> last = TakeNumber(text);
  if (!text.empty()) return false;
  if (!first.has_value()) {
    if (!last.has_value()) return false;
    const std::uint64_t bytes = std::min(*last, size_bytes);
    if (bytes > 0) ranges.push_back({size_bytes - bytes, bytes});
    return true;
  }
  if (last.has_value() && *last < *first) return false;
  if (*first >= size_bytes) return true;
  const std::uint64_t end = size_bytes - 1;
  ranges.push_back({*first, std::min(last.value_or(end), end) - *first + 1});
  return true;
}

}  // namespace

RangeRequest ParseRange(absl::string_view value, std::uint64_t size_bytes) {
  constexpr absl::string_view kUnit = "bytes=";
  if (!absl::StartsWithIgnoreCase(value, kUnit)) return {};
  value.remove_prefix(kUnit.size());
  RangeRequest request;
  std::size_t count = 0;
  std::uint64_t left_bytes = size_bytes;
  while (true) {
    const std::size_t comma = value.find(',');
    const absl::string_view one = absl::StripAsciiWhitespace(value.substr(0, comma));
    if (!one.empty()) {  // lists may have empty elements
      if (++count > kMaxRanges) return {};
      const std::size_t before = request.ranges.size();
      if (!ParseOne(one, size_bytes, request.ranges)) return {};
      if (request.ranges.size() > before) {
        const std::uint64_t bytes = request.ranges.back().bytes;
        if (bytes > left_bytes) return {};
        left_bytes -= bytes;
      }
    }
    if (comma == absl::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
  if (count == 0) return {};
  request.kind =
      request.ranges.empty() ? RangeRequest::Kind::kUnsatisfiable : RangeRequest::Kind::kPartial;
  return request;
}

std::string ContentRange(const ByteRange& range, std::uint64_t size_bytes) {
  return absl::StrCat("bytes ", range.first, "-", range.last(), "/", size_bytes);
}

}  // namespace muster::worker::http
