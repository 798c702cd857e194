#ifndef MUSTER_CONFIG_SYNTAX_SYNTAX_READER_H_
#define MUSTER_CONFIG_SYNTAX_SYNTAX_READER_H_

#include <cstddef>
#include <vector>

#include "muster/config/syntax/config_format.h"
#include "muster/config/syntax/syntax_statement.h"
#include "muster/config/syntax/syntax_token.h"
#include "muster/config/syntax/text_mistake.h"

namespace muster::config {

// Deeper blocks are a mistake: reading is recursive.
inline constexpr int kDeepestBlock = 64;

// The statements of a text, whether they make sense or not.
struct SyntaxReading {
  SyntaxValue root;  // a block
  // Braces that do not match. If there are any, `root` cannot be relied on.
  std::vector<TextMistake> brace_mistakes;
  // Where each statement begins, in the order of the text.
  std::vector<std::size_t> names;
};

// Turns tokens into statements. Never fails: stray tokens belong to the statement before them.
SyntaxReading ReadSyntax(const std::vector<SyntaxToken>& tokens, ConfigFormat format);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_SYNTAX_SYNTAX_READER_H_
