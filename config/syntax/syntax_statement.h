#ifndef MUSTER_CONFIG_SYNTAX_SYNTAX_STATEMENT_H_
#define MUSTER_CONFIG_SYNTAX_SYNTAX_STATEMENT_H_

#include <cstddef>
#include <string>
#include <vector>

namespace muster::config {

struct SyntaxStatement;

// One value of a statement: a scalar, or a block of statements.
struct SyntaxValue {
  std::size_t offset = 0;  // of its first byte, for a block the opening brace
  bool is_block = false;
  std::string text;  // of a string, without its quotes
  std::string word;  // of a scalar, as it is written: "x", -5, MUTEX; empty: it is missing
  std::vector<SyntaxStatement> statements;
};

// A field's name and its values: "listen { ... }", "accept: MUTEX", "index: [...]".
struct SyntaxStatement {
  std::string name;  // of an extension or a type with its brackets; of JSON in snake_case
  std::size_t begin = 0;
  std::size_t end = 0;  // after its last byte
  bool is_list = false;
  std::vector<SyntaxValue> values;  // several, or none, only if it is a list or broken

  // Whether the name is that of a type or an extension: "[example/my.Type]".
  bool NamesType() const { return !name.empty() && name[0] == '['; }
};

// The content of a block that is a google.protobuf.Any: in text format "[example/my.Type] { ... }",
// in JSON "@type" next to the fields.
struct AnyContent {
  std::string type;                    // "example/my.Type"
  std::size_t offset = 0;              // of what names the type
  const SyntaxValue* block = nullptr;  // with the fields; null: the type has no braces
  const SyntaxStatement* statement = nullptr;
};

// An empty type: the block is not written in this way. `any` outlives the result.
AnyContent ContentOfAny(const SyntaxValue& any);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_SYNTAX_SYNTAX_STATEMENT_H_
