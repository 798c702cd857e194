#ifndef MUSTER_MASTER_CONFIG_SYNTAX_TREE_H_
#define MUSTER_MASTER_CONFIG_SYNTAX_TREE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace muster::master {

// Where something stands in a text, both from 1; columns count bytes.
struct Place {
  int line = 1;
  int column = 1;
};

// What is wrong at one place of a configuration's text.
struct TextMistake {
  std::size_t offset = 0;  // in bytes
  std::string field;       // "http.location[2].path"; empty: no field in particular
  std::string problem;
};

struct SyntaxStatement;

// One value of a statement: a scalar, or a block of statements.
struct SyntaxValue {
  std::size_t offset = 0;  // of its first byte, for a block the opening brace
  bool is_block = false;
  std::string text;  // of a string, without its quotes
  std::string word;  // of a scalar, as it is written: "x", -5, MUTEX; empty: it lacks
  std::vector<SyntaxStatement> statements;
};

// A field's name and what it is given: "listen { ... }", "accept: MUTEX", "index: [...]".
struct SyntaxStatement {
  std::string name;  // an extension's or a type's with its brackets; JSON's in snake_case
  std::size_t begin = 0;
  std::size_t end = 0;  // after its last byte
  bool is_list = false;
  std::vector<SyntaxValue> values;  // several, or none, only if it is a list or broken
};

// What a block says that is a google.protobuf.Any: in text format "[example/my.Type] { ... }", in
// JSON "@type" beside the fields.
struct AnyContent {
  std::string type;                    // "example/my.Type"
  std::size_t offset = 0;              // of what names the type
  const SyntaxValue* block = nullptr;  // with the fields; null: the type has no braces
  const SyntaxStatement* statement = nullptr;
};
// Null type: it is not written in this way.
AnyContent ContentOfAny(const SyntaxValue& any);

// Which statements a configuration's text has and where, whether they make sense or not: so that
// mistakes can be told with their places, and a wrong statement be left out to see whether
// the others are right. Protobuf's parsers do the real reading. Immutable.
class SyntaxTree {
 public:
  enum class Syntax { kText, kJson };
  static constexpr int kDeepest = 64;

  SyntaxTree(absl::string_view text, Syntax syntax);

  Syntax syntax() const { return syntax_; }
  const SyntaxValue& root() const { return root_; }
  // Braces that do not match. If there are any, the tree is not to be relied on.
  const std::vector<TextMistake>& brace_mistakes() const { return brace_mistakes_; }

  Place PlaceOf(std::size_t offset) const;
  // Of a place as Protobuf tells it: both from 0, and tabs count up to the next eighth column.
  std::size_t OffsetOf(int line, int column) const;

  // The offset of the token that a parser which stopped at `offset` stumbled over: parsers tell
  // a wrong value, too, at the token behind it.
  std::size_t CulpritAt(std::size_t offset) const;

  // What is written for the field at `path` ("http.location[2].path"), or, if it is not there,
  // what is around it. Fields of a message within an Any are found as if they were the Any's.
  std::size_t Locate(absl::string_view path) const;
  // The block in which the field's statement is, or would be. Null: that is not there either.
  const SyntaxValue* BlockOf(absl::string_view path) const;

  struct Found {
    const SyntaxStatement* statement = nullptr;  // null: there is none
    const SyntaxValue* block = nullptr;          // around it
    std::string path;
  };
  // The innermost statement around `offset`. `type` is the whole configuration's: it knows which
  // fields have a number in the path. `any_type`, if it is known, is that of what is in an Any.
  Found StatementAt(std::size_t offset, const google::protobuf::Descriptor* type,
                    const google::protobuf::Descriptor* any_type = nullptr) const;

 private:
  struct Token {
    enum class Kind { kName, kNumber, kString, kSymbol, kEnd };
    Kind kind = Kind::kEnd;
    std::string text;
    std::size_t begin = 0;
    std::size_t end = 0;

    bool Is(char symbol) const { return kind == Kind::kSymbol && text[0] == symbol; }
    bool IsCloser() const { return Is('}') || Is('>') || Is(']'); }
  };
  class Reader;

  void Tokenize();

  std::string text_;
  Syntax syntax_;
  std::vector<std::size_t> line_begins_;
  std::vector<Token> tokens_;       // the last is kEnd
  std::vector<std::size_t> names_;  // the first tokens of all statements, sorted
  SyntaxValue root_;
  std::vector<TextMistake> brace_mistakes_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_SYNTAX_TREE_H_
