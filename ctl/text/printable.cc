#include "muster/ctl/text/printable.h"

#include <cstddef>

#include "absl/strings/str_format.h"
#include "muster/proto/utf8.h"

namespace muster::ctl {
namespace {

// The bytes of the character at the beginning of `text`, in UTF-8. 0: they are none.
std::size_t SizeOfCharacter(absl::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const std::size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (text.size() < size) return 0;
  return config::IsUtf8(text.substr(0, size)) ? size : 0;
}

bool IsControl(absl::string_view character) {
  const auto byte = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f;
  // U+0080 to U+009F: U+009B is the same as ESC [.
  return byte == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

}  // namespace

std::string Printable(absl::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = SizeOfCharacter(text);
    const absl::string_view character = text.substr(0, size == 0 ? 1 : size);
    text.remove_prefix(character.size());
    if (size > 0 && !IsControl(character)) {
      result.append(character.data(), character.size());
      continue;
    }
    for (const char c : character) {
      absl::StrAppendFormat(&result, "\\x%02x", static_cast<unsigned char>(c));
    }
  }
  return result;
}

}  // namespace muster::ctl
