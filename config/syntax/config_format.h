#ifndef MUSTER_CONFIG_SYNTAX_CONFIG_FORMAT_H_
#define MUSTER_CONFIG_SYNTAX_CONFIG_FORMAT_H_

#include "absl/strings/string_view.h"

namespace muster::config {

// The two languages in which a configuration may be written.
enum class ConfigFormat {
  kText,  // Protobuf's text format
  kJson,
};

// JSON if the name of the file ends in ".json", else text format. What the file contains does not
// count: CheckText (text_check.h) reports a text of the other language.
ConfigFormat FormatOf(absl::string_view path);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_SYNTAX_CONFIG_FORMAT_H_
