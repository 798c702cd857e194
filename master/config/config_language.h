#ifndef MUSTER_MASTER_CONFIG_CONFIG_LANGUAGE_H_
#define MUSTER_MASTER_CONFIG_CONFIG_LANGUAGE_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "muster/master/config/syntax_tree.h"

namespace muster::master {

// If a text that was to be text format, and has mistakes, is plainly in another language, YAML say:
// that, at the first line that shows it, which is all that is to be told then. Only what can be no
// text format is a sign.
std::optional<TextMistake> CheckLanguage(absl::string_view text);

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_CONFIG_LANGUAGE_H_
