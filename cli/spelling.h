#ifndef MUSTER_CLI_SPELLING_H_
#define MUSTER_CLI_SPELLING_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace muster::cli {

// The one of `names` that `word` was probably meant to be: the fewest letters added, left
// out, changed or exchanged with a neighbour, and few enough for the word's length. Empty: none.
std::string LikelyMeant(absl::string_view word, const std::vector<std::string>& names);

}  // namespace muster::cli

#endif  // MUSTER_CLI_SPELLING_H_
