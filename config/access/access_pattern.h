#ifndef MUSTER_CONFIG_ACCESS_ACCESS_PATTERN_H_
#define MUSTER_CONFIG_ACCESS_ACCESS_PATTERN_H_

#include <string>

#include "absl/strings/string_view.h"

namespace muster::config {

// What a rule compares with: the text itself, or with "*" in front a suffix, with "*" behind a
// prefix; "*" alone is everything. A value.
class AccessPattern {
 public:
  // Whether `text` has a "*" at one of its ends at most, and nowhere else.
  static bool IsOne(absl::string_view text);
  // `text` must be one.
  explicit AccessPattern(absl::string_view text);

  bool Matches(absl::string_view text) const;

 private:
  enum class Kind { kExact, kPrefix, kSuffix };

  Kind kind_ = Kind::kExact;
  std::string text_;
};

}  // namespace muster::config

#endif  // MUSTER_CONFIG_ACCESS_ACCESS_PATTERN_H_
