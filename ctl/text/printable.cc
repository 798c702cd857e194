#include "muster/ctl/text/printable.h"

#include "absl/strings/str_format.h"

namespace muster::ctl {

std::string Printable(absl::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f) {
      absl::StrAppendFormat(&result, "\\x%02x", byte);
    } else {
      result.push_back(c);
    }
  }
  return result;
}

}  // namespace muster::ctl
