#include "muster/ctl/top/top_line.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "muster/ctl/text/printable.h"

namespace muster::ctl {
namespace {

std::vector<std::string> Fill(const std::vector<std::string>& parts, absl::string_view between,
                              std::size_t width) {
  std::vector<std::string> lines = {""};
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    if (lines.back().empty()) {
      lines.back() = part;
    } else if (WidthOf(lines.back()) + between.size() + WidthOf(part) <= width) {
      absl::StrAppend(&lines.back(), between, part);
    } else {
      lines.push_back(part);
    }
  }
  return lines;
}

}  // namespace

std::size_t WidthOf(absl::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; });
}

std::string OnOneLine(absl::string_view text) {
  return Printable(absl::StrReplaceAll(text, {{"\n", " "}, {"\t", " "}}));
}

std::string Cut(absl::string_view text, std::size_t width) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((text[i] & 0xc0) == 0x80) continue;
    if (seen++ == width) return std::string(text.substr(0, i));
  }
  return std::string(text);
}

std::string Padded(const std::string& text, std::size_t width, bool is_right) {
  const std::size_t own = WidthOf(text);
  const std::string padding(width > own ? width - own : 0, ' ');
  return is_right ? padding + text : text + padding;
}

std::vector<std::string> Flow(const std::vector<std::string>& parts, std::size_t width) {
  return Fill(parts, "  ", width);
}

std::vector<std::string> Wrap(absl::string_view text, std::size_t width) {
  return Fill(absl::StrSplit(text, ' '), " ", width);
}

}  // namespace muster::ctl
