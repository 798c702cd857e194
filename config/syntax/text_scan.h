#ifndef MUSTER_CONFIG_SYNTAX_TEXT_SCAN_H_
#define MUSTER_CONFIG_SYNTAX_TEXT_SCAN_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "muster/config/syntax/config_format.h"

namespace muster::config {

// A text of which only the comments and quotes are known. Nothing is parsed yet. Offsets are in
// bytes. Comments begin with "#", and in JSON also with "//" and "/*": JSON has no comments, but
// people write them.
struct TextScan {
  // The text with blanks for the comments and for what is between quotes. All else keeps its place.
  std::string syntax;
  // Unpaired quotes: a text in quotes ends in its line.
  std::vector<std::size_t> open_quotes;
  std::optional<std::size_t> comment;  // the first one
  // The first byte of the first character beyond ASCII that is neither in a comment nor quoted.
  std::optional<std::size_t> foreign_character;
};

TextScan ScanText(absl::string_view text, ConfigFormat format);

// The offset after the blanks, and after the name, that begin at `at`. `at` itself if none do. A
// name begins with a letter or "_".
std::size_t SkipBlanks(absl::string_view syntax, std::size_t at);
std::size_t SkipName(absl::string_view syntax, std::size_t at);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_SYNTAX_TEXT_SCAN_H_
