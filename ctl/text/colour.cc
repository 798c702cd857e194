#include "muster/ctl/text/colour.h"

#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace muster::ctl {
namespace {

const char* CodeOf(Colour colour) {
  switch (colour) {
    case Colour::kNone:
      return "";
    case Colour::kRed:
      return "\x1b[31m";
    case Colour::kYellow:
      return "\x1b[33m";
    case Colour::kGreen:
      return "\x1b[32m";
    case Colour::kDim:
      return "\x1b[2m";
  }
  return "";
}

}  // namespace

bool ShowsColours(int fd) {
  const char* no_colour = std::getenv("NO_COLOR");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  const char* terminal = std::getenv("TERM");
  if (terminal == nullptr || absl::string_view(terminal) == "dumb") return false;
  return ::isatty(fd) == 1;
}

std::string Paint(Colour colour, absl::string_view text) {
  if (colour == Colour::kNone) return std::string(text);
  return absl::StrCat(CodeOf(colour), text, "\x1b[0m");
}

}  // namespace muster::ctl
