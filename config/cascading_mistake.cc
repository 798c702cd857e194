#include "muster/config/cascading_mistake.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "muster/config/syntax/syntax_statement.h"

namespace muster::config {
namespace {

// A message that may have several of these fields needs one; a status_page that has no `json` may
// need it.
constexpr const char* kChoices[] = {"http",        "service", "root",        "return",
                                    "stub_status", "metrics", "status_json", "status_page",
                                    "handler",     "file",    "body",        "json"};

}  // namespace

bool IsCascading(const FieldMistake& mistake, const SyntaxTree& tree, const ParsedConfig& parsed) {
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

}  // namespace muster::config
