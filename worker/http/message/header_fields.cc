#include "muster/worker/http/message/header_fields.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace muster::worker::http {
namespace {

// Removes the next field from the front of `text`. False: there is none.
bool TakeField(absl::string_view& text, absl::string_view& name, absl::string_view& value) {
  const std::size_t end = text.find("\r\n");
  if (end == 0 || end == text.npos) return false;
  const absl::string_view line = text.substr(0, end);
  text.remove_prefix(end + 2);
  const std::size_t colon = line.find(':');
  name = line.substr(0, colon);
  value =
      colon == line.npos ? absl::string_view() : absl::StripAsciiWhitespace(line.substr(colon + 1));
  return true;
}

}  // namespace

std::optional<absl::string_view> HeaderFields::Get(absl::string_view name) const {
  absl::string_view text = text_;
  absl::string_view found;
  absl::string_view value;
  while (TakeField(text, found, value)) {
    if (absl::EqualsIgnoreCase(found, name)) return value;
  }
  return std::nullopt;
}

void HeaderFields::ForEach(
    absl::FunctionRef<void(absl::string_view name, absl::string_view value)> visit) const {
  absl::string_view text = text_;
  absl::string_view name;
  absl::string_view value;
  while (TakeField(text, name, value)) visit(name, value);
}

}  // namespace muster::worker::http
