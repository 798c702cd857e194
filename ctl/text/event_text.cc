#include "muster/ctl/text/event_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "muster/ctl/text/printable.h"

namespace muster::ctl {

using admin::v1::Event;

std::string KindName(Event::Kind kind) {
  if (!Event::Kind_IsValid(kind)) return absl::StrCat("kind-", static_cast<int>(kind));
  return absl::StrReplaceAll(absl::AsciiStrToLower(Event::Kind_Name(kind)), {{"_", "-"}});
}

std::optional<Event::Kind> KindOf(absl::string_view name) {
  const std::string upper = absl::StrReplaceAll(absl::AsciiStrToUpper(name), {{"-", "_"}});
  Event::Kind kind;
  if (!Event::Kind_Parse(upper, &kind) || kind == Event::KIND_UNSPECIFIED) return std::nullopt;
  return kind;
}

std::string EventLine(const Event& event, absl::TimeZone zone) {
  const absl::Time time =
      absl::FromUnixSeconds(event.time().seconds()) + absl::Nanoseconds(event.time().nanos());
  // A text of several lines stays one line, so that lines can be counted.
  const std::string text = absl::StrReplaceAll(event.text(), {{"\n", " | "}});
  return absl::StrFormat("%s  %5d  %-17s  %s\n",
                         absl::FormatTime("%Y-%m-%d %H:%M:%E3S", time, zone), event.number(),
                         KindName(event.kind()), Printable(text));
}

Colour ColourOf(const Event& event) {
  switch (event.severity()) {
    case Event::ERROR:
      return Colour::kRed;
    case Event::WARNING:
      return Colour::kYellow;
    case Event::DEBUG:
      return Colour::kDim;
    default:
      return Colour::kNone;
  }
}

}  // namespace muster::ctl
