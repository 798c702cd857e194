#include "muster/proto/counted.h"

#include "absl/strings/str_cat.h"

namespace muster::config {

std::string Counted(std::uint64_t count, absl::string_view noun, absl::string_view plural) {
  if (count == 1) return absl::StrCat(count, " ", noun);
  if (!plural.empty()) return absl::StrCat(count, " ", plural);
  return absl::StrCat(count, " ", noun, "s");
}

}  // namespace muster::config
