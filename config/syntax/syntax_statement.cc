#include "muster/config/syntax/syntax_statement.h"

namespace muster::config {

AnyContent ContentOfAny(const SyntaxValue& any) {
  for (const SyntaxStatement& statement : any.statements) {
    if (statement.NamesType()) {
      const std::string& name = statement.name;
      const bool has_block = !statement.values.empty() && statement.values[0].is_block;
      return {name.substr(1, name.size() - (name.back() == ']' ? 2 : 1)), statement.begin,
              has_block ? &statement.values[0] : nullptr, &statement};
    }
    if (statement.name == "@type" && !statement.values.empty()) {
      return {statement.values[0].text, statement.values[0].offset, &any, &statement};
    }
  }
  return {};
}

}  // namespace muster::config
