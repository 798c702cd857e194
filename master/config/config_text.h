#ifndef MUSTER_MASTER_CONFIG_CONFIG_TEXT_H_
#define MUSTER_MASTER_CONFIG_CONFIG_TEXT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "muster/master/config/syntax_tree.h"

namespace muster::master {

// The text without the mark that some editors put before UTF-8: blanks are in its place, so that
// everything stays where it is.
std::string WithoutByteOrderMark(std::string text);

// What makes it pointless to look for fields in a text: it is empty, binary data, in the other one
// of the two languages, or has quotes that lack their partner, comments of another language or
// characters from a word processor. Empty: it is worth reading. At most some dozens.
std::vector<TextMistake> CheckText(absl::string_view text, SyntaxTree::Syntax syntax);

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_CONFIG_TEXT_H_
