#ifndef MUSTER_CONFIG_LANGUAGE_CHECK_H_
#define MUSTER_CONFIG_LANGUAGE_CHECK_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "muster/config/syntax/text_mistake.h"

namespace muster::config {

// Recognises YAML, TOML, nginx's language and XML in a text that should be text format and has
// mistakes. The result has the first line that can only be of the other language. It is then the
// only mistake worth reporting.
std::optional<TextMistake> CheckLanguage(absl::string_view text);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_LANGUAGE_CHECK_H_
