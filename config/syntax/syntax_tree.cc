#include "muster/config/syntax/syntax_tree.h"

#include <algorithm>

namespace muster::config {

SyntaxTree::SyntaxTree(absl::string_view text, ConfigFormat format)
    : format_(format),
      lines_(text),
      tokens_(Tokenize(lines_)),
      reading_(ReadSyntax(tokens_, format)) {}

std::size_t SyntaxTree::CulpritAt(std::size_t offset) const {
  // The last token that begins at or before the place.
  std::size_t i = 0;
  while (i + 1 < tokens_.size() && tokens_[i + 1].begin <= offset) ++i;
  // A statement's name is never wrong to the parser, so the one before was. A bracket that
  // closes, or the end, comes too early for it.
  const auto is_behind = [this](const SyntaxToken& token) {
    return token.kind == SyntaxToken::Kind::kEnd || token.IsCloser() || token.Is(',') ||
           token.Is(';') ||
           std::binary_search(reading_.names.begin(), reading_.names.end(), token.begin);
  };
  if (i > 0 && is_behind(tokens_[i])) --i;
  return tokens_[i].begin;
}

}  // namespace muster::config
