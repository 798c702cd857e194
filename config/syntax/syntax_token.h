#ifndef MUSTER_CONFIG_SYNTAX_SYNTAX_TOKEN_H_
#define MUSTER_CONFIG_SYNTAX_SYNTAX_TOKEN_H_

#include <cstddef>
#include <string>
#include <vector>

#include "muster/config/syntax/line_index.h"

namespace muster::config {

// A token of text format or JSON, with its place in the text.
struct SyntaxToken {
  enum class Kind { kName, kNumber, kString, kSymbol, kEnd };
  Kind kind = Kind::kEnd;
  std::string text;  // of a string with its quotes
  std::size_t begin = 0;
  std::size_t end = 0;  // after its last byte

  bool Is(char symbol) const { return kind == Kind::kSymbol && text[0] == symbol; }
  bool IsCloser() const { return Is('}') || Is('>') || Is(']'); }
};

// The tokens as Protobuf's parser of the text format sees them; they do for JSON too. Comments and
// bytes that are no token are left out: the parser that follows reports them. The last one is kEnd.
std::vector<SyntaxToken> Tokenize(const LineIndex& text);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_SYNTAX_SYNTAX_TOKEN_H_
