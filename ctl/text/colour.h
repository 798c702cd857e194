#ifndef MUSTER_CTL_TEXT_COLOUR_H_
#define MUSTER_CTL_TEXT_COLOUR_H_

#include <string>

#include "absl/strings/string_view.h"

namespace muster::ctl {

enum class Colour { kNone, kRed, kYellow, kGreen, kDim };

// True if `fd` is a terminal that shows colours, and the environment does not forbid them: NO_COLOR
// is unset or empty, and TERM is not "dumb".
bool ShowsColours(int fd);

// `text` in a colour, for a terminal.
std::string Paint(Colour colour, absl::string_view text);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TEXT_COLOUR_H_
