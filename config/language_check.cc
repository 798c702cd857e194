#include "muster/config/language_check.h"

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "muster/config/syntax/config_format.h"
#include "muster/config/syntax/text_scan.h"

namespace muster::config {
namespace {

struct Line {
  std::size_t offset = 0;  // of its first byte that is not blank
  std::size_t indent = 0;
  absl::string_view text;  // without blanks around it; not empty
};

std::vector<Line> LinesOf(absl::string_view syntax) {
  std::vector<Line> lines;
  std::size_t offset = 0;
  for (const absl::string_view line : absl::StrSplit(syntax, '\n')) {
    const std::size_t begin = SkipBlanks(line, 0);
    if (begin < line.size()) {
      lines.push_back({offset + begin, begin, absl::StripAsciiWhitespace(line)});
    }
    offset += line.size() + 1;
  }
  return lines;
}

// "listen:" alone.
bool IsKeyAlone(absl::string_view line) {
  const std::size_t end = SkipName(line, 0);
  return end > 0 && end + 1 == line.size() && line[end] == ':';
}

bool IsKey(absl::string_view line) {
  const std::size_t end = SkipName(line, 0);
  return end > 0 && end < line.size() && line[end] == ':';
}

bool IsItem(absl::string_view line) {
  return line == "-" || (absl::StartsWith(line, "- ") && line.size() > 2 &&
                         (SkipName(line, 2) > 2 || line[2] == '"' || line[2] == '\''));
}

bool IsYaml(const std::vector<Line>& lines, std::size_t i) {
  const absl::string_view line = lines[i].text;
  if (line == "---" || absl::StartsWith(line, "%YAML") || IsItem(line)) return true;
  return IsKeyAlone(line) && i + 1 < lines.size() && lines[i + 1].indent > lines[i].indent &&
         (IsKey(lines[i + 1].text) || IsItem(lines[i + 1].text));
}

bool IsAssignment(absl::string_view line) {
  const std::size_t end = line.find_first_of(" \t=");
  if (SkipName(line, 0) == 0 || end == line.npos) return false;
  const std::size_t next = SkipBlanks(line, end);
  return next < line.size() && line[next] == '=';
}

bool IsToml(const std::vector<Line>& lines, std::size_t i) {
  const absl::string_view line = lines[i].text;
  if (IsAssignment(line) || absl::StartsWith(line, "[[")) return true;
  return line.front() == '[' && line.back() == ']' && i + 1 < lines.size() &&
         IsAssignment(lines[i + 1].text);
}

// "listen 8080;", "location / {"
bool IsNginx(absl::string_view line) {
  const std::size_t end = SkipName(line, 0);
  const std::size_t next = SkipBlanks(line, end);
  if (end == 0 || next == end || next >= line.size()) return false;
  if (absl::StartsWith(line, "location") && absl::StrContains("/=~^", line.substr(next, 1))) {
    return true;
  }
  return line.back() == ';' && !absl::StrContains(":{<[;", line.substr(next, 1));
}

std::string Instead(absl::string_view language) {
  return absl::StrCat("is ", language,
                      ", but a configuration is protobuf's text format; write listen { address: "
                      "\"127.0.0.1:8080\" }, worker_processes: 2 and the like");
}

TextMistake At(const Line& line, absl::string_view language) {
  return {line.offset, "", Instead(language)};
}

}  // namespace

std::optional<TextMistake> CheckLanguage(absl::string_view text) {
  const std::string syntax = ScanText(text, ConfigFormat::kText).syntax;
  const std::vector<Line> lines = LinesOf(syntax);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Line& line = lines[i];
    if (i == 0 && line.text.front() == '<') return At(line, "XML or the like");
    if (IsYaml(lines, i)) return At(line, "YAML");
    if (IsToml(lines, i)) return At(line, "TOML or the like");
    if (IsNginx(line.text)) return At(line, "nginx's language");
  }
  return std::nullopt;
}

}  // namespace muster::config
