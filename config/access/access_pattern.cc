#include "muster/config/access/access_pattern.h"

#include <cstddef>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace muster::config {

bool AccessPattern::IsOne(absl::string_view text) {
  if (text.empty()) return false;
  const std::size_t star = text.find('*');
  if (star == text.npos) return true;
  return text.rfind('*') == star && (star == 0 || star == text.size() - 1);
}

AccessPattern::AccessPattern(absl::string_view text) {
  if (absl::ConsumePrefix(&text, "*")) {
    kind_ = Kind::kSuffix;
  } else if (absl::ConsumeSuffix(&text, "*")) {
    kind_ = Kind::kPrefix;
  }
  text_ = std::string(text);
}

bool AccessPattern::Matches(absl::string_view text) const {
  switch (kind_) {
    case Kind::kPrefix:
      return absl::StartsWith(text, text_);
    case Kind::kSuffix:
      return absl::EndsWith(text, text_);
    case Kind::kExact:
      break;
  }
  return text == text_;
}

}  // namespace muster::config
