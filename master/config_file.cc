#include "master/config_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
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
#include "master/service_types.h"
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
// `others`: found already.
std::vector<TextMistake> CheckValues(const config::v1::Config& config, const ParsedConfig& parsed,
                                     ConfigOutline::Syntax syntax,
                                     std::vector<config::FieldMistake> others) {
  const ConfigOutline outline(parsed.text, syntax);
  std::vector<config::FieldMistake> found = config::CheckRules(config);
  for (config::FieldMistake& mistake : CheckConfig(config)) found.push_back(std::move(mistake));
  for (config::FieldMistake& mistake : others) found.push_back(std::move(mistake));
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
                   config::v1::Config* config, const AnyTypes& any = {}) {
  ParsedConfig parsed = syntax == ConfigOutline::Syntax::kJson ? ParseJsonConfig(text, config, any)
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

const OutlineStatement* FindStatement(const OutlineValue& block, absl::string_view name) {
  for (const OutlineStatement& statement : block.statements) {
    if (statement.name == name) return &statement;
  }
  return nullptr;
}

bool HasHandler(const OutlineValue& root) {
  const OutlineStatement* http = FindStatement(root, "http");
  if (http == nullptr) return false;
  for (const OutlineValue& block : http->values) {
    for (const OutlineStatement& location : block.statements) {
      for (const OutlineValue& value : location.values) {
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
std::string WorkerBinaryIn(std::string text, const AnyContent& service,
                           ConfigOutline::Syntax syntax, absl::string_view prefix) {
  config::v1::Config config;
  if (syntax == ConfigOutline::Syntax::kText) {
    if (service.statement != nullptr) {
      Blank(&text, service.statement->begin, service.statement->end);
    }
    Parse(text, syntax, prefix, &config);
    return config.worker_binary();
  }
  // A JSON text is not read without the type, but its strings are as they stand there.
  const ConfigOutline outline(text, syntax);
  const OutlineStatement* statement = FindStatement(outline.root(), "worker_binary");
  if (statement == nullptr || statement->values.empty() || statement->values[0].text.empty()) {
    return "";
  }
  return JoinPath(prefix, statement->values[0].text);
}

ProgramPart ReadProgramPart(const ConfigOutline& outline, absl::string_view text,
                            ConfigOutline::Syntax syntax, absl::string_view prefix,
                            const DescribeWorker& describe) {
  ProgramPart part;
  part.text = std::string(text);
  if (describe == nullptr || !outline.brace_mistakes().empty()) return part;
  AnyContent service;
  const OutlineStatement* statement = FindStatement(outline.root(), "service");
  if (statement != nullptr && !statement->values.empty()) {
    service = ContentOfAny(statement->values[0]);
  }
  if (service.statement == nullptr && !HasHandler(outline.root())) return part;

  const auto refuse = [&](std::size_t offset, std::string field, std::string problem) {
    part.mistakes.push_back({offset, std::move(field), std::move(problem)});
    if (service.statement != nullptr && syntax == ConfigOutline::Syntax::kText) {
      Blank(&part.text, service.statement->begin, service.statement->end);
    }
    return std::move(part);
  };
  const auto description = describe(WorkerBinaryIn(part.text, service, syntax, prefix));
  auto types = description.ok() ? ServiceTypes::Make(*description)
                                : absl::StatusOr<ServiceTypes>(description.status());
  if (!types.ok()) {
    return refuse(outline.Locate("worker_binary"), "worker_binary",
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

}  // namespace

absl::StatusOr<config::v1::Config> ReadConfigText(absl::string_view name, absl::string_view text,
                                                  ConfigOutline::Syntax syntax,
                                                  absl::string_view prefix,
                                                  const DescribeWorker& describe) {
  config::v1::Config config;
  const ConfigOutline outline(text, syntax);
  const ProgramPart part = ReadProgramPart(outline, text, syntax, prefix, describe);
  ParsedConfig parsed;
  if (part.mistakes.empty() || syntax == ConfigOutline::Syntax::kText) {
    parsed = Parse(part.text, syntax, prefix, &config, part.any);
  }
  for (const TextMistake& mistake : part.mistakes) parsed.mistakes.push_back(mistake);
  if (parsed.is_whole) {
    std::vector<config::FieldMistake> others = CheckHandlers(config, part);
    if (part.types.has_value()) {
      for (config::FieldMistake& mistake : part.types->Complete(&config)) {
        others.push_back(std::move(mistake));
      }
    }
    for (TextMistake& mistake : CheckValues(config, parsed, syntax, std::move(others))) {
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

absl::StatusOr<CheckedConfig> ReadConfigFile(const std::string& path, absl::string_view prefix,
                                             const DescribeWorker& describe) {
  MUSTER_ASSIGN_OR_RETURN(std::string text, ReadFile(path));
  MUSTER_ASSIGN_OR_RETURN(config::v1::Config config,
                          ReadConfigText(path, text, SyntaxOf(path), prefix, describe));
  return CheckedConfig{std::move(config), FieldPlaces(path, std::move(text), SyntaxOf(path))};
}

absl::StatusOr<config::v1::Config> ReadSpoiltConfigFile(const std::string& path,
                                                        absl::string_view prefix) {
  MUSTER_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  config::v1::Config config;
  Parse(text, SyntaxOf(path), prefix, &config);
  return config;
}

}  // namespace muster::master
