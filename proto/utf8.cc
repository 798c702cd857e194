#include "muster/proto/utf8.h"

#include <cstddef>
#include <cstdint>

namespace muster::config {
namespace {

constexpr std::uint32_t kLastCodePoint = 0x10ffff;

bool IsSurrogate(std::uint32_t point) { return point >= 0xd800 && point <= 0xdfff; }

// Of the character that begins with `first`; 0: none does.
std::size_t LengthOf(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xc0) return 0;
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 3;
  return first < 0xf8 ? 4 : 0;
}

}  // namespace

bool IsUtf8(absl::string_view text) {
  static constexpr std::uint32_t kLeastOfLength[] = {0, 0, 0x80, 0x800, 0x10000};
  for (std::size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at]);
    const std::size_t length = LengthOf(first);
    if (length == 0 || text.size() - at < length) return false;
    std::uint32_t point = length == 1 ? first : first & (0x7fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
      const auto next = static_cast<unsigned char>(text[at + i]);
      if ((next & 0xc0) != 0x80) return false;
      point = point << 6 | (next & 0x3f);
    }
    if (point < kLeastOfLength[length] || point > kLastCodePoint || IsSurrogate(point)) {
      return false;
    }
    at += length;
  }
  return true;
}

}  // namespace muster::config
