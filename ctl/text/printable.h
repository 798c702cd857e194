#ifndef MUSTER_CTL_TEXT_PRINTABLE_H_
#define MUSTER_CTL_TEXT_PRINTABLE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace muster::ctl {

// Returns `text` with control characters, and bytes that are no UTF-8, made visible ("\x1b"), so
// that it cannot command a terminal: what a worker says of itself reaches the operator's screen.
// Newlines, tabs and all other characters beyond ASCII stay.
std::string Printable(absl::string_view text);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TEXT_PRINTABLE_H_
