#ifndef MUSTER_CONFIG_SYNTAX_SYNTAX_TREE_H_
#define MUSTER_CONFIG_SYNTAX_SYNTAX_TREE_H_

#include <cstddef>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "muster/config/syntax/config_format.h"
#include "muster/config/syntax/field_lookup.h"
#include "muster/config/syntax/line_index.h"
#include "muster/config/syntax/syntax_reader.h"
#include "muster/config/syntax/syntax_statement.h"
#include "muster/config/syntax/syntax_token.h"
#include "muster/config/syntax/text_mistake.h"

namespace muster::config {

// The statements of a configuration's text with their places, whether they make sense or not. With
// it mistakes are reported at their places, and a wrong statement can be left out to see whether
// the others are right. Protobuf's parsers do the real reading. Immutable.
class SyntaxTree {
 public:
  SyntaxTree(absl::string_view text, ConfigFormat format);

  ConfigFormat format() const { return format_; }
  // The block of the whole text.
  const SyntaxValue& root() const { return reading_.root; }
  // Braces that do not match. If there are any, the tree cannot be relied on.
  const std::vector<TextMistake>& brace_mistakes() const { return reading_.brace_mistakes; }

  const LineIndex& lines() const { return lines_; }
  Place PlaceOf(std::size_t offset) const { return lines_.PlaceOf(offset); }
  std::size_t OffsetOf(int line, int column) const { return lines_.OffsetOf(line, column); }

  // The offset of the token that is to blame when a parser stopped at `offset`. Parsers report a
  // wrong value at the token behind it, too.
  std::size_t CulpritAt(std::size_t offset) const;

  // See field_lookup.h.
  std::size_t Locate(absl::string_view path) const { return LocateField(root(), path); }
  const SyntaxValue* BlockOf(absl::string_view path) const { return BlockOfField(root(), path); }
  FoundStatement StatementAt(std::size_t offset, const google::protobuf::Descriptor* type,
                             const google::protobuf::Descriptor* any_type = nullptr) const {
    return FindStatementAt(root(), offset, type, any_type);
  }

 private:
  const ConfigFormat format_;
  const LineIndex lines_;
  const std::vector<SyntaxToken> tokens_;  // the last is kEnd
  const SyntaxReading reading_;
};

}  // namespace muster::config

#endif  // MUSTER_CONFIG_SYNTAX_SYNTAX_TREE_H_
