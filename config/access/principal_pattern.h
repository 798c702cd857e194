#ifndef MUSTER_CONFIG_ACCESS_PRINCIPAL_PATTERN_H_
#define MUSTER_CONFIG_ACCESS_PRINCIPAL_PATTERN_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/config/access/access_pattern.h"

namespace muster::config {

// Whom a rule means: a kind of identity and what it must be, "uid:1000" or "dns:*.ops.example". A
// value.
class PrincipalPattern {
 public:
  // What is wrong with the text of a rule, and what would be right; empty: nothing. Looks up no
  // names. Pure.
  static std::string WhyNot(absl::string_view text);
  // Of a text with which nothing is wrong. The names in "user:NAME" and "group:NAME" are looked up,
  // which may block for as long as the machine's name service takes.
  static absl::StatusOr<PrincipalPattern> Find(absl::string_view text);
  // The text with the number in place of the name in "user:NAME" and "group:NAME": the same
  // pattern, for which nothing is looked up. As Find.
  static absl::StatusOr<std::string> Resolve(absl::string_view text);

  // Whether it means somebody with this identity (identity_kind.h).
  bool Matches(absl::string_view identity) const;

 private:
  PrincipalPattern(absl::string_view kind, absl::string_view value) : kind_(kind), value_(value) {}

  std::string kind_;  // with its colon; empty: any
  AccessPattern value_;
};

}  // namespace muster::config

#endif  // MUSTER_CONFIG_ACCESS_PRINCIPAL_PATTERN_H_
