#include "master/config_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ipc/retry.h"
#include "ipc/status.h"
#include "ipc/unique_fd.h"
#include "master/config_check.h"
#include "master/config_parser.h"
#include "master/config_paths.h"
#include "proto/field_rules.h"
#include "proto/utf8.h"

namespace muster::master {
namespace {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const ipc::UniqueFd fd(
      ipc::RetryOnEintr([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (!fd.valid()) return ipc::ErrnoStatus(absl::StrCat("open ", path));
  std::string text;
  char buffer[64 << 10];
  while (true) {
    const ssize_t got = ipc::RetryOnEintr([&] { return ::read(fd.get(), buffer, sizeof(buffer)); });
    if (got < 0) return ipc::ErrnoStatus(absl::StrCat("read ", path));
    if (got == 0) return text;
    text.append(buffer, got);
    if (text.size() > kMostConfigBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": is larger than ", kMostConfigBytes, " bytes"));
    }
  }
}

// What the values of a configuration break, but not what only follows from mistakes in the text.
std::vector<TextMistake> CheckValues(const config::v1::Config& config, const ParsedConfig& parsed,
                                     ConfigOutline::Syntax syntax) {
  const ConfigOutline outline(parsed.text, syntax);
  std::vector<config::FieldMistake> found = config::CheckRules(config);
  for (config::FieldMistake& mistake : CheckConfig(config)) found.push_back(std::move(mistake));
  std::vector<TextMistake> mistakes;
  for (config::FieldMistake& mistake : found) {
    const OutlineValue* block = outline.BlockOf(mistake.field);
    const std::size_t dot = mistake.field.rfind('.');
    std::string name = mistake.field.substr(dot == std::string::npos ? 0 : dot + 1);
    name = name.substr(0, name.find('['));
    if (block != nullptr && parsed.spoilt.count({block->offset, name}) > 0) continue;
    mistakes.push_back(
        {outline.Locate(mistake.field), std::move(mistake.field), std::move(mistake.problem)});
  }
  return mistakes;
}

// A message may quote the text, which must neither end its line nor speak to a terminal, and has to
// fit a text field of the admin service.
std::string Printable(absl::string_view text) {
  const bool is_utf8 = config::IsUtf8(text);
  std::string printable;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_iscntrl(byte) || (!is_utf8 && byte >= 0x80)) {
      absl::StrAppend(&printable, "\\x", absl::Hex(byte, absl::kZeroPad2));
    } else {
      printable += c;
    }
  }
  return printable;
}

ConfigOutline::Syntax SyntaxOf(absl::string_view path) {
  return absl::EndsWith(path, ".json") ? ConfigOutline::Syntax::kJson
                                       : ConfigOutline::Syntax::kText;
}

ParsedConfig Parse(absl::string_view text, ConfigOutline::Syntax syntax, absl::string_view prefix,
                   config::v1::Config* config) {
  ParsedConfig parsed = syntax == ConfigOutline::Syntax::kJson ? ParseJsonConfig(text, config)
                                                               : ParseTextConfig(text, config);
  config::FillDefaults(config);
  MakePathsAbsolute(config, prefix);
  return parsed;
}

}  // namespace

absl::StatusOr<config::v1::Config> ReadConfigText(absl::string_view name, absl::string_view text,
                                                  ConfigOutline::Syntax syntax,
                                                  absl::string_view prefix) {
  config::v1::Config config;
  ParsedConfig parsed = Parse(text, syntax, prefix, &config);
  const ConfigOutline outline(text, syntax);
  if (parsed.is_whole) {
    for (TextMistake& mistake : CheckValues(config, parsed, syntax)) {
      parsed.mistakes.push_back(std::move(mistake));
    }
  }
  if (parsed.mistakes.empty()) return config;

  std::stable_sort(parsed.mistakes.begin(), parsed.mistakes.end(),
                   [](const auto& a, const auto& b) { return a.offset < b.offset; });
  std::vector<std::string> lines;
  for (const TextMistake& mistake : parsed.mistakes) {
    const Place place = outline.PlaceOf(mistake.offset);
    lines.push_back(absl::StrCat(name, ":", place.line, ":", place.column, ": ",
                                 Printable(mistake.field), mistake.field.empty() ? "" : ": ",
                                 Printable(mistake.problem)));
  }
  return absl::InvalidArgumentError(absl::StrJoin(lines, "\n"));
}

absl::StatusOr<config::v1::Config> ReadConfigFile(const std::string& path,
                                                  absl::string_view prefix) {
  MUSTER_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  return ReadConfigText(path, text, SyntaxOf(path), prefix);
}

absl::StatusOr<config::v1::Config> ReadSpoiltConfigFile(const std::string& path,
                                                        absl::string_view prefix) {
  MUSTER_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  config::v1::Config config;
  Parse(text, SyntaxOf(path), prefix, &config);
  return config;
}

}  // namespace muster::master
