#include "muster/log/printable.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "muster/proto/utf8.h"

namespace muster::log {
namespace {

constexpr absl::string_view kCut = "...";

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// The bytes of the character beyond ASCII at the start of `text`; 0: no valid one is there.
std::size_t CharacterBytes(absl::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && size < 4 && IsContinuation(text[size])) ++size;
  for (; size > 1; --size) {
    if (config::IsUtf8(text.substr(0, size))) return size;
  }
  return 0;
}

// U+0080 to U+009F, which some terminals obey, and what some programs take for a line end.
bool IsControl(absl::string_view character) {
  return (character[0] == '\xc2' && static_cast<unsigned char>(character[1]) < 0xa0) ||
         character == "\xe2\x80\xa8" || character == "\xe2\x80\xa9";
}

void AppendHex(std::string& out, absl::string_view bytes) {
  for (const char c : bytes) {
    absl::StrAppend(&out, "\\x", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
  }
}

}  // namespace

std::string Printable(absl::string_view text) {
  std::string printable;
  printable.reserve(text.size());
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text[0]);
    std::size_t size = 1;
    bool is_shown = !absl::ascii_iscntrl(first) || first == '\t';
    if (first >= 0x80) {
      size = CharacterBytes(text);
      is_shown = size != 0 && !IsControl(text.substr(0, size));
      size = std::max<std::size_t>(size, 1);
    }
    if (is_shown) {
      printable.append(text.data(), size);
    } else {
      AppendHex(printable, text.substr(0, size));
    }
    text.remove_prefix(size);
  }
  return printable;
}

void CutLine(std::string& line, std::size_t most_bytes) {
  if (line.size() <= most_bytes) return;
  std::size_t size = most_bytes - kCut.size();
  while (size > 0 && IsContinuation(line[size])) --size;
  line.resize(size);
  line.append(kCut.data(), kCut.size());
}

}  // namespace muster::log
