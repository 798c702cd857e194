#include "muster/config/syntax/config_format.h"

#include "absl/strings/match.h"

namespace muster::config {

ConfigFormat FormatOf(absl::string_view path) {
  return absl::EndsWith(path, ".json") ? ConfigFormat::kJson : ConfigFormat::kText;
}

}  // namespace muster::config
