#include "muster/config/syntax/text_scan.h"

#include <utility>

#include "absl/strings/ascii.h"

namespace muster::config {
namespace {

bool IsLetter(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool IsNamePart(char c) {
  return IsLetter(c) || absl::ascii_isdigit(static_cast<unsigned char>(c));
}

class Scanner {
 public:
  Scanner(absl::string_view text, ConfigFormat format)
      : text_(text), is_json_(format == ConfigFormat::kJson) {
    scan_.syntax = std::string(text);
  }

  TextScan Run() && {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#' || (is_json_ && (StartsWith("//") || StartsWith("/*")))) {
        SkipComment();
      } else if (c == '"' || c == '\'') {
        SkipQuotes(c);
      } else {
        if (static_cast<unsigned char>(c) >= 0x80 && !scan_.foreign_character.has_value()) {
          scan_.foreign_character = at_;
        }
        ++at_;
      }
    }
    return std::move(scan_);
  }

 private:
  bool StartsWith(absl::string_view word) const { return text_.substr(at_, word.size()) == word; }

  void Blank(std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      if (text_[i] != '\n') scan_.syntax[i] = ' ';
    }
  }

  void SkipComment() {
    if (!scan_.comment.has_value()) scan_.comment = at_;
    const bool is_block = StartsWith("/*");
    const std::size_t found = text_.find(is_block ? "*/" : "\n", at_ + (is_block ? 2 : 0));
    const std::size_t end = found == text_.npos ? text_.size() : found + (is_block ? 2 : 0);
    Blank(at_, end);
    at_ = end;
  }

  void SkipQuotes(char quote) {
    const std::size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != quote) {
      const bool is_escape = text_[at_] == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n';
      at_ += is_escape ? 2 : 1;
    }
    Blank(begin + 1, at_);
    if (at_ < text_.size() && text_[at_] == quote) {
      ++at_;
    } else {
      scan_.open_quotes.push_back(begin);
    }
  }

  const absl::string_view text_;
  const bool is_json_;
  std::size_t at_ = 0;
  TextScan scan_;
};

}  // namespace

TextScan ScanText(absl::string_view text, ConfigFormat format) {
  return Scanner(text, format).Run();
}

std::size_t SkipBlanks(absl::string_view syntax, std::size_t at) {
  while (at < syntax.size() && absl::ascii_isspace(static_cast<unsigned char>(syntax[at]))) ++at;
  return at;
}

std::size_t SkipName(absl::string_view syntax, std::size_t at) {
  if (at >= syntax.size() || !IsLetter(syntax[at])) return at;
  while (at < syntax.size() && IsNamePart(syntax[at])) ++at;
  return at;
}

}  // namespace muster::config
