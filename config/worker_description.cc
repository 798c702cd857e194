#include "muster/config/worker_description.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "muster/config/absolute_paths.h"
#include "muster/config/syntax/syntax_statement.h"
#include "muster/proto/field_error.h"

namespace muster::config {
namespace {

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

// What is between the braces of a service in JSON, where the fields are next to the type; the whole
// content of one in text format.
void BlankService(std::string* text, const AnyContent& service, const SyntaxStatement* statement,
                  ConfigFormat format) {
  if (service.statement != nullptr && format == ConfigFormat::kText) {
    Blank(text, service.statement->begin, service.statement->end);
  } else if (service.block != nullptr) {
    Blank(text, service.block->offset + 1, statement->end - 1);
  }
}

// A field that decides as whom the program runs is there, and says nothing that can be read.
const char* UnreadableUser(const SyntaxTree& tree, const v1::Config& config) {
  const auto is_unreadable = [&](const char* name, bool is_read) {
    return FindStatement(tree.root(), name) != nullptr && !is_read;
  };
  if (is_unreadable("user", !config.user().empty())) return "user";
  if (is_unreadable("group", !config.group().empty())) return "group";
  return nullptr;
}

}  // namespace

WorkerDescription ReadWorkerDescription(const SyntaxTree& tree, absl::string_view text,
                                        ConfigFormat format, absl::string_view prefix,
                                        const DescribeWorker& describe) {
  WorkerDescription worker;
  worker.text = std::string(text);
  if (describe == nullptr || !tree.brace_mistakes().empty()) return worker;
  AnyContent service;
  const SyntaxStatement* statement = FindStatement(tree.root(), "service");
  if (statement != nullptr && !statement->values.empty()) {
    service = ContentOfAny(statement->values[0]);
  }
  if (service.statement == nullptr && !HasHandler(tree.root())) return worker;

  const auto refuse = [&](std::size_t offset, std::string field, std::string problem) {
    worker.mistakes.push_back({offset, std::move(field), std::move(problem)});
    BlankService(&worker.text, service, statement, format);
    return std::move(worker);
  };
  std::string rest = worker.text;
  BlankService(&rest, service, statement, format);
  v1::Config config;
  ParseConfig(rest, format, &config);
  FillDefaults(&config);
  MakePathsAbsolute(&config, prefix);
  if (const char* const user = UnreadableUser(tree, config)) {
    return refuse(tree.Locate(user), user,
                  "cannot be read, so the worker program is not asked what it serves");
  }
  const auto description = describe(config);
  const std::string cause = FieldOf(description.status());
  if (!cause.empty()) {
    return refuse(tree.Locate(cause), cause, std::string(description.status().message()));
  }
  auto types = description.ok() ? ServiceTypes::Make(*description)
                                : absl::StatusOr<ServiceTypes>(description.status());
  if (!types.ok()) {
    return refuse(tree.Locate("worker_binary"), "worker_binary",
                  absl::StrCat("cannot be asked what it serves: ", types.status().message()));
  }
  worker.handlers.emplace(description->handler().begin(), description->handler().end());
  worker.types = *std::move(types);
  worker.any = {&worker.types->pool(), worker.types->Find(service.type)};
  if (service.statement != nullptr && worker.any.type == nullptr) {
    const std::string known = worker.types->Names();
    return refuse(
        service.offset, "service",
        absl::StrCat("the worker program has no \"", service.type, "\"; ",
                     known.empty() ? "it wants no service" : absl::StrCat("it has ", known)));
  }
  return worker;
}

std::vector<FieldMistake> CheckHandlers(const v1::Config& config, const WorkerDescription& worker) {
  std::vector<FieldMistake> mistakes;
  if (!worker.handlers.has_value()) return mistakes;
  for (int i = 0; i < config.http().location_size(); ++i) {
    const v1::Location& location = config.http().location(i);
    const std::string& name = location.handler();
    if (!location.has_handler() || name.empty()) continue;
    if (std::count(worker.handlers->begin(), worker.handlers->end(), name) > 0) continue;
    mistakes.push_back(
        {absl::StrCat("http.location[", i, "].handler"),
         absl::StrCat("the worker program has no \"", name, "\"; ",
                      worker.handlers->empty()
                          ? "it has no handlers"
                          : absl::StrCat("it has ", absl::StrJoin(*worker.handlers, ", ")))});
  }
  return mistakes;
}

}  // namespace muster::config
