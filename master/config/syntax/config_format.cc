#include "muster/master/config/syntax/config_format.h"

#include "absl/strings/match.h"

namespace muster::master {

ConfigFormat FormatOf(absl::string_view path) {
  return absl::EndsWith(path, ".json") ? ConfigFormat::kJson : ConfigFormat::kText;
}

}  // namespace muster::master
