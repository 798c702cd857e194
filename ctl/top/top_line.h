#ifndef MUSTER_CTL_TOP_TOP_LINE_H_
#define MUSTER_CTL_TOP_TOP_LINE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "muster/ctl/text/colour.h"

namespace muster::ctl {

// One line of a screen.
struct TopLine {
  std::string text;
  Colour colour = Colour::kNone;
  bool is_reverse = false;
};

// What the text of a line is made with. Widths are in code points, as those of tables.

std::size_t WidthOf(absl::string_view text);

// One line that cannot command the terminal.
std::string OnOneLine(absl::string_view text);

// The first `width` code points.
std::string Cut(absl::string_view text, std::size_t width);

// At least `width` wide. `is_right`: the text stands on the right.
std::string Padded(const std::string& text, std::size_t width, bool is_right);

// The parts on as few lines as it takes, and at least one; a part stays whole. Empty ones are left
// out.
std::vector<std::string> Flow(const std::vector<std::string>& parts, std::size_t width);

// The words of `text` on as few lines as it takes, and at least one. A longer word is not broken.
std::vector<std::string> Wrap(absl::string_view text, std::size_t width);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TOP_TOP_LINE_H_
