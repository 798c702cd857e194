#ifndef MUSTER_LOG_PRINTABLE_H_
#define MUSTER_LOG_PRINTABLE_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace muster::log {

// Returns `text` as a part of one line of valid UTF-8: line ends, other control characters except
// tabs, and bytes that are not UTF-8 become "\x0a". So no text can look like a line of its own, or
// command a terminal.
std::string Printable(absl::string_view text);

// Cuts `line`, which has no line end and is valid UTF-8, to at most `most_bytes`, at the end of a
// character. A line that was cut ends with "...". `most_bytes`: at least 8.
void CutLine(std::string& line, std::size_t most_bytes);

}  // namespace muster::log

#endif  // MUSTER_LOG_PRINTABLE_H_
