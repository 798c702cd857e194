#include "muster/master/decide/reason.h"

#include "absl/strings/str_cat.h"

namespace muster::master {

std::string WithReason(absl::string_view what, absl::string_view reason) {
  const bool is_one_line = reason.find('\n') == reason.npos;
  return absl::StrCat(what, is_one_line ? ": " : ":\n", reason);
}

}  // namespace muster::master
