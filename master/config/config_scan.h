#ifndef MUSTER_MASTER_CONFIG_CONFIG_SCAN_H_
#define MUSTER_MASTER_CONFIG_CONFIG_SCAN_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "muster/master/config/syntax_tree.h"

namespace muster::master {

// A text with comments and quotes told from the rest, before anything is read in it. Offsets in
// bytes. Comments begin with "#", in JSON with "//" and "/*", too: JSON has none, but people write
// them.
struct ConfigScan {
  // As long as the text, with blanks for comments and for what is between quotes. Lines stay.
  std::string syntax;
  // Quotes that lack their partner: a text in quotes ends in its line.
  std::vector<std::size_t> open_quotes;
  std::optional<std::size_t> comment;  // the first
  // The first byte of a character beyond ASCII, outside of both.
  std::optional<std::size_t> foreign_character;
};

ConfigScan Scan(absl::string_view text, SyntaxTree::Syntax syntax);

// The offset behind the blanks, and behind the name, at `at`; `at` if there are none. A name begins
// with a letter or "_".
std::size_t SkipBlanks(absl::string_view syntax, std::size_t at);
std::size_t SkipName(absl::string_view syntax, std::size_t at);

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_CONFIG_SCAN_H_
