#include "muster/master/config/config_file.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "muster/ipc/base/status.h"
#include "muster/master/config/absolute_paths.h"
#include "muster/master/config/config_parser.h"
#include "muster/master/config/config_source.h"
#include "muster/master/config/language_check.h"
#include "muster/master/config/semantic_check.h"
#include "muster/master/config/service_types.h"
#include "muster/master/config/text_check.h"
#include "muster/master/process/path.h"
#include "muster/proto/field_rules.h"
#include "muster/proto/utf8.h"

namespace muster::master {
namespace {

// Of these fields there must be one, if they are in the same message.
constexpr const char* kChoices[] = {"http",    "service",     "root",    "return", "stub_status",
                                    "metrics", "status_json", "handler", "file",   "body"};

// Whether a mistake only follows from one that was told already: somebody tried to give the field,
// or one of those of which a message must have one, but wrong.
bool Follows(const config::FieldMistake& mistake, const SyntaxTree& tree,
             const ParsedConfig& parsed) {
  const std::size_t dot = mistake.field.rfind('.');
  std::string name = mistake.field.substr(dot == std::string::npos ? 0 : dot + 1);
  name = name.substr(0, name.find('['));
  const SyntaxValue* around = tree.BlockOf(mistake.field);
  if (around != nullptr && parsed.spoilt.count({around->offset, name}) > 0) return true;
  const SyntaxValue* within = tree.BlockOf(absl::StrCat(mistake.field, ".choice"));
  return within != nullptr &&
         std::any_of(std::begin(kChoices), std::end(kChoices), [&](const char* choice) {
           return parsed.spoilt.count({within->offset, choice}) > 0;
         });
}

// What the values of a configuration break, but not what only follows from mistakes in the text.
// `others`: found otherwise, to be told if nothing else is wrong with their fields.
std::vector<TextMistake> CheckValues(const config::v1::Config& config, const ParsedConfig& parsed,
                                     SyntaxTree::Syntax syntax,
                                     std::vector<config::FieldMistake> others) {
  const SyntaxTree tree(parsed.text, syntax);
  std::vector<config::FieldMistake> found = config::CheckRules(config);
  for (config::FieldMistake& mistake : CheckSemantics(config)) found.push_back(std::move(mistake));
  for (config::FieldMistake& other : others) {
    const bool is_told = std::any_of(found.begin(), found.end(), [&](const auto& mistake) {
      return mistake.field == other.field;
    });
    if (!is_told) found.push_back(std::move(other));
  }
  std::vector<TextMistake> mistakes;
  for (config::FieldMistake& mistake : found) {
    if (Follows(mistake, tree, parsed)) continue;
    mistakes.push_back(
        {tree.Locate(mistake.field), std::move(mistake.field), std::move(mistake.problem)});
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

SyntaxTree::Syntax SyntaxOf(absl::string_view path) {
  return absl::EndsWith(path, ".json") ? SyntaxTree::Syntax::kJson : SyntaxTree::Syntax::kText;
}

ParsedConfig Parse(absl::string_view text, SyntaxTree::Syntax syntax, absl::string_view prefix,
                   config::v1::Config* config, const AnyTypes& any = {}) {
  ParsedConfig parsed = syntax == SyntaxTree::Syntax::kJson ? ParseJsonConfig(text, config, any)
                                                            : ParseTextConfig(text, config, any);
  config::FillDefaults(config);
  MakePathsAbsolute(config, prefix);
  return parsed;
}

// What only the worker program can judge.
struct ProgramPart {
  std::string text;  // without what it does not know, if this is text format
  std::optional<ServiceTypes> types;
  std::optional<std::vector<std::string>> handlers;
  AnyTypes any;  // of `types`
  std::vector<TextMistake> mistakes;
};

const SyntaxStatement* FindStatement(const SyntaxValue& block, absl::string_view name) {
  for (const SyntaxStatement& statement : block.statements) {
    if (statement.name == name) return &statement;
  }
  return nullptr;
}

bool HasHandler(const SyntaxValue& root) {
  const SyntaxStatement* http = FindStatement(root, "http");
  if (http == nullptr) return false;
  for (const SyntaxValue& block : http->values) {
    for (const SyntaxStatement& location : block.statements) {
      for (const SyntaxValue& value : location.values) {
        if (FindStatement(value, "handler") != nullptr) return true;
      }
    }
  }
  return false;
}

void Blank(std::string* text, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    if ((*text)[i] != '\n') (*text)[i] = ' ';
  }
}

// What the rest of the configuration says of the worker program.
std::string WorkerBinaryIn(std::string text, const AnyContent& service, SyntaxTree::Syntax syntax,
                           absl::string_view prefix) {
  config::v1::Config config;
  if (syntax == SyntaxTree::Syntax::kText) {
    if (service.statement != nullptr) {
      Blank(&text, service.statement->begin, service.statement->end);
    }
    Parse(text, syntax, prefix, &config);
    return config.worker_binary();
  }
  // A JSON text is not read without the type, but its strings are as they stand there.
  const SyntaxTree tree(text, syntax);
  const SyntaxStatement* statement = FindStatement(tree.root(), "worker_binary");
  if (statement == nullptr || statement->values.empty() || statement->values[0].text.empty()) {
    return "";
  }
  return JoinPath(prefix, statement->values[0].text);
}

ProgramPart ReadProgramPart(const SyntaxTree& tree, absl::string_view text,
                            SyntaxTree::Syntax syntax, absl::string_view prefix,
                            const DescribeWorker& describe) {
  ProgramPart part;
  part.text = std::string(text);
  if (describe == nullptr || !tree.brace_mistakes().empty()) return part;
  AnyContent service;
  const SyntaxStatement* statement = FindStatement(tree.root(), "service");
  if (statement != nullptr && !statement->values.empty()) {
    service = ContentOfAny(statement->values[0]);
  }
  if (service.statement == nullptr && !HasHandler(tree.root())) return part;

  const auto refuse = [&](std::size_t offset, std::string field, std::string problem) {
    part.mistakes.push_back({offset, std::move(field), std::move(problem)});
    if (service.statement != nullptr && syntax == SyntaxTree::Syntax::kText) {
      Blank(&part.text, service.statement->begin, service.statement->end);
    } else if (service.block != nullptr) {
      // What is between the braces: in JSON the fields are beside the type.
      Blank(&part.text, service.block->offset + 1, statement->end - 1);
    }
    return std::move(part);
  };
  const auto description = describe(WorkerBinaryIn(part.text, service, syntax, prefix));
  auto types = description.ok() ? ServiceTypes::Make(*description)
                                : absl::StatusOr<ServiceTypes>(description.status());
  if (!types.ok()) {
    return refuse(tree.Locate("worker_binary"), "worker_binary",
                  absl::StrCat("cannot be asked what it serves: ", types.status().message()));
  }
  part.handlers.emplace(description->handler().begin(), description->handler().end());
  part.types = *std::move(types);
  part.any = {&part.types->pool(), part.types->Find(service.type)};
  if (service.statement != nullptr && part.any.type == nullptr) {
    const std::string known = part.types->Names();
    return refuse(
        service.offset, "service",
        absl::StrCat("the worker program has no \"", service.type, "\"; ",
                     known.empty() ? "it wants no service" : absl::StrCat("it has ", known)));
  }
  return part;
}

std::vector<config::FieldMistake> CheckHandlers(const config::v1::Config& config,
                                                const ProgramPart& part) {
  std::vector<config::FieldMistake> mistakes;
  if (!part.handlers.has_value()) return mistakes;
  for (int i = 0; i < config.http().location_size(); ++i) {
    const config::v1::Location& location = config.http().location(i);
    const std::string& name = location.handler();
    if (!location.has_handler() || name.empty()) continue;
    if (std::count(part.handlers->begin(), part.handlers->end(), name) > 0) continue;
    mistakes.push_back(
        {absl::StrCat("http.location[", i, "].handler"),
         absl::StrCat("the worker program has no \"", name, "\"; ",
                      part.handlers->empty()
                          ? "it has no handlers"
                          : absl::StrCat("it has ", absl::StrJoin(*part.handlers, ", ")))});
  }
  return mistakes;
}

// A line for each.
absl::Status Refusal(absl::string_view name, const SyntaxTree& tree,
                     std::vector<TextMistake> mistakes) {
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const auto& a, const auto& b) { return a.offset < b.offset; });
  std::vector<std::string> lines;
  for (const TextMistake& mistake : mistakes) {
    const Place place = tree.PlaceOf(mistake.offset);
    lines.push_back(absl::StrCat(name, ":", place.line, ":", place.column, ": ",
                                 Printable(mistake.field), mistake.field.empty() ? "" : ": ",
                                 Printable(mistake.problem)));
  }
  return absl::InvalidArgumentError(absl::StrJoin(lines, "\n"));
}

// What an unmarked text says.
absl::StatusOr<config::v1::Config> ReadPlainText(absl::string_view name, absl::string_view text,
                                                 SyntaxTree::Syntax syntax,
                                                 absl::string_view prefix,
                                                 const DescribeWorker& describe,
                                                 const CheckMore& check_more) {
  const SyntaxTree tree(text, syntax);
  std::vector<TextMistake> whole = CheckText(text, syntax);
  if (!whole.empty()) return Refusal(name, tree, std::move(whole));

  config::v1::Config config;
  const ProgramPart part = ReadProgramPart(tree, text, syntax, prefix, describe);
  ParsedConfig parsed = Parse(part.text, syntax, prefix, &config, part.any);
  if (!parsed.mistakes.empty() && syntax == SyntaxTree::Syntax::kText) {
    if (const auto other = CheckLanguage(text)) return Refusal(name, tree, {*other});
  }
  for (const TextMistake& mistake : part.mistakes) {
    parsed.mistakes.push_back(mistake);
    parsed.spoilt.insert({tree.root().offset, mistake.field});
  }
  if (parsed.is_whole) {
    std::vector<config::FieldMistake> others = CheckHandlers(config, part);
    if (part.types.has_value()) {
      for (config::FieldMistake& mistake : part.types->Complete(&config)) {
        others.push_back(std::move(mistake));
      }
    }
    if (check_more) {
      for (config::FieldMistake& mistake : check_more(config)) others.push_back(std::move(mistake));
    }
    for (TextMistake& mistake : CheckValues(config, parsed, syntax, std::move(others))) {
      parsed.mistakes.push_back(std::move(mistake));
    }
  }
  if (parsed.mistakes.empty()) return config;
  return Refusal(name, tree, std::move(parsed.mistakes));
}

}  // namespace

absl::StatusOr<config::v1::Config> ReadConfigText(absl::string_view name, absl::string_view text,
                                                  SyntaxTree::Syntax syntax,
                                                  absl::string_view prefix,
                                                  const DescribeWorker& describe,
                                                  const CheckMore& check_more) {
  return ReadPlainText(name, WithoutByteOrderMark(std::string(text)), syntax, prefix, describe,
                       check_more);
}

absl::StatusOr<CheckedConfig> ReadConfigFile(const std::string& path, absl::string_view prefix,
                                             const DescribeWorker& describe,
                                             const CheckMore& check_more) {
  MUSTER_ASSIGN_OR_RETURN(std::string source, ReadConfigSource(path));
  std::string text = WithoutByteOrderMark(std::move(source));
  MUSTER_ASSIGN_OR_RETURN(config::v1::Config config,
                          ReadPlainText(path, text, SyntaxOf(path), prefix, describe, check_more));
  return CheckedConfig{std::move(config), FieldPlaces(path, std::move(text), SyntaxOf(path))};
}

absl::StatusOr<config::v1::Config> ReadSpoiltConfigFile(const std::string& path,
                                                        absl::string_view prefix) {
  MUSTER_ASSIGN_OR_RETURN(std::string text, ReadConfigSource(path));
  config::v1::Config config;
  Parse(WithoutByteOrderMark(std::move(text)), SyntaxOf(path), prefix, &config);
  return config;
}

}  // namespace muster::master
