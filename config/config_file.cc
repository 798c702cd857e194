#include "muster/config/config_file.h"

#include <algorithm>
#include <utility>

#include "muster/config/absolute_paths.h"
#include "muster/config/cascading_mistake.h"
#include "muster/config/config_parser.h"
#include "muster/config/config_source.h"
#include "muster/config/language_check.h"
#include "muster/config/mistake_report.h"
#include "muster/config/semantic_check.h"
#include "muster/config/syntax/syntax_tree.h"
#include "muster/config/text_check.h"
#include "muster/ipc/base/status.h"

namespace muster::config {
namespace {

// What the values of a configuration break, but not what only follows from mistakes in the text.
// `others`: found otherwise, to be told if nothing else is wrong with their fields.
std::vector<TextMistake> CheckValues(const v1::Config& config, const ParsedConfig& parsed,
                                     ConfigFormat format, Reader reader,
                                     std::vector<FieldMistake> others) {
  const SyntaxTree tree(parsed.text, format);
  std::vector<FieldMistake> found = CheckRules(config);
  for (FieldMistake& mistake : CheckSemantics(config, reader)) found.push_back(std::move(mistake));
  for (FieldMistake& other : others) {
    const bool is_told = std::any_of(found.begin(), found.end(), [&](const auto& mistake) {
      return mistake.field == other.field;
    });
    if (!is_told) found.push_back(std::move(other));
  }
  std::vector<TextMistake> mistakes;
  for (FieldMistake& mistake : found) {
    if (IsCascading(mistake, tree, parsed)) continue;
    mistakes.push_back(
        {tree.Locate(mistake.field), std::move(mistake.field), std::move(mistake.problem)});
  }
  return mistakes;
}

ParsedConfig Parse(absl::string_view text, ConfigFormat format, absl::string_view prefix,
                   v1::Config* config, const AnyTypes& any = {}) {
  ParsedConfig parsed = ParseConfig(text, format, config, any);
  FillDefaults(config);
  MakePathsAbsolute(config, prefix);
  return parsed;
}

// What a text without a byte order mark says; it has no places, and no source.
absl::StatusOr<CheckedConfig> ReadPlainText(absl::string_view name, absl::string_view text,
                                            ConfigFormat format, absl::string_view prefix,
                                            const DescribeWorker& describe,
                                            const CheckMore& check_more, Reader reader) {
  const SyntaxTree tree(text, format);
  std::vector<TextMistake> whole = CheckText(text, format);
  if (!whole.empty()) return ReportMistakes(name, tree.lines(), std::move(whole));

  v1::Config config;
  WorkerDescription worker = ReadWorkerDescription(tree, text, format, prefix, describe);
  ParsedConfig parsed = Parse(worker.text, format, prefix, &config, worker.any);
  if (!parsed.mistakes.empty() && format == ConfigFormat::kText) {
    if (const auto other = CheckLanguage(text)) return ReportMistakes(name, tree.lines(), {*other});
  }
  for (const TextMistake& mistake : worker.mistakes) {
    parsed.mistakes.push_back(mistake);
    parsed.spoilt.insert({tree.root().offset, mistake.field});
  }
  if (parsed.is_whole) {
    std::vector<FieldMistake> others = CheckHandlers(config, worker);
    if (worker.types.has_value()) {
      for (FieldMistake& mistake : worker.types->Complete(&config)) {
        others.push_back(std::move(mistake));
      }
    }
    if (check_more) {
      for (FieldMistake& mistake : check_more(config)) others.push_back(std::move(mistake));
    }
    for (TextMistake& mistake : CheckValues(config, parsed, format, reader, std::move(others))) {
      parsed.mistakes.push_back(std::move(mistake));
    }
  }
  if (parsed.mistakes.empty()) {
    CheckedConfig checked;
    checked.config = std::move(config);
    checked.types = std::move(worker.types);
    return checked;
  }
  return ReportMistakes(name, tree.lines(), std::move(parsed.mistakes));
}

}  // namespace

absl::StatusOr<CheckedConfig> ReadCheckedText(absl::string_view name, absl::string_view text,
                                              ConfigFormat format, absl::string_view prefix,
                                              const DescribeWorker& describe,
                                              const CheckMore& check_more, Reader reader) {
  std::string plain = WithoutByteOrderMark(std::string(text));
  MUSTER_ASSIGN_OR_RETURN(CheckedConfig checked,
                          ReadPlainText(name, plain, format, prefix, describe, check_more, reader));
  checked.places = FieldPlaces(std::string(name), std::move(plain), format);
  checked.source = std::string(text);
  return checked;
}

absl::StatusOr<v1::Config> ReadConfigText(absl::string_view name, absl::string_view text,
                                          ConfigFormat format, absl::string_view prefix,
                                          const DescribeWorker& describe,
                                          const CheckMore& check_more) {
  MUSTER_ASSIGN_OR_RETURN(CheckedConfig checked,
                          ReadPlainText(name, WithoutByteOrderMark(std::string(text)), format,
                                        prefix, describe, check_more, Reader::kMaster));
  return std::move(checked.config);
}

absl::StatusOr<CheckedConfig> ReadConfigFile(const std::string& path, absl::string_view prefix,
                                             const DescribeWorker& describe,
                                             const CheckMore& check_more, Reader reader) {
  MUSTER_ASSIGN_OR_RETURN(const std::string source, ReadConfigSource(path));
  return ReadCheckedText(path, source, FormatOf(path), prefix, describe, check_more, reader);
}

absl::StatusOr<v1::Config> ReadSpoiltConfigFile(const std::string& path, absl::string_view prefix) {
  MUSTER_ASSIGN_OR_RETURN(std::string text, ReadConfigSource(path));
  v1::Config config;
  Parse(WithoutByteOrderMark(std::move(text)), FormatOf(path), prefix, &config);
  return config;
}

}  // namespace muster::config
