#ifndef MUSTER_CONFIG_TEXT_CHECK_H_
#define MUSTER_CONFIG_TEXT_CHECK_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "muster/config/syntax/config_format.h"
#include "muster/config/syntax/text_mistake.h"

namespace muster::config {

// The text with blanks for the byte order mark that some editors put before UTF-8. All else keeps
// its place.
std::string WithoutByteOrderMark(std::string text);

// Mistakes because of which it is pointless to look for fields: the text is empty, is binary data,
// is JSON though its file's name says text format or the reverse, or has unpaired quotes, comments
// of another language or characters from a word processor. None: the text is worth parsing. At most
// some dozens.
std::vector<TextMistake> CheckText(absl::string_view text, ConfigFormat format);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_TEXT_CHECK_H_
