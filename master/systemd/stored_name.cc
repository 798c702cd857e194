#include "muster/master/systemd/stored_name.h"

#include <cstddef>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace muster::master {
namespace {

constexpr absl::string_view kListener = "muster-listener-";
constexpr absl::string_view kZone = "muster-zone-";
constexpr std::size_t kIdDigits = 16;

}  // namespace

std::optional<StoredName> StoredName::Parse(absl::string_view text) {
  StoredName name;
  absl::string_view rest = text;
  if (absl::ConsumePrefix(&rest, kListener)) {
    if (!absl::SimpleAtoi(rest, &name.id)) return std::nullopt;
  } else if (absl::ConsumePrefix(&rest, kZone)) {
    name.kind = Kind::kZone;
    if (rest.size() < kIdDigits + 2 || !absl::SimpleHexAtoi(rest.substr(0, kIdDigits), &name.id)) {
      return std::nullopt;
    }
    name.zone = std::string(rest.substr(kIdDigits + 1));
  } else {
    return std::nullopt;
  }
  // Also the numbers are written in one way only.
  return name.ToString() == text ? std::optional(name) : std::nullopt;
}

std::string StoredName::ToString() const {
  if (kind == Kind::kListener) return absl::StrCat(kListener, id);
  return absl::StrCat(kZone, absl::Hex(id, absl::kZeroPad16), "-", zone);
}

}  // namespace muster::master
