#include "muster/worker/http/location_router.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace muster::worker::http {

absl::StatusOr<LocationRouter> LocationRouter::Create(const std::vector<std::string>& prefixes) {
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    if (!absl::StartsWith(prefixes[i], "/")) {
      return absl::InvalidArgumentError(absl::StrCat("http.location[", i, "].path \"", prefixes[i],
                                                     "\": expected a path, as in /images/"));
    }
    entries.push_back({prefixes[i], i, std::nullopt});
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.prefix < b.prefix; });
  for (std::size_t i = 1; i < entries.size(); ++i) {
    if (entries[i].prefix == entries[i - 1].prefix) {
      return absl::InvalidArgumentError(absl::StrCat("http.location[", entries[i].index, "].path ",
                                                     entries[i].prefix, ": location[",
                                                     entries[i - 1].index, "] has it already"));
    }
    // Prefixes of an entry stand before it, and all between are prefixed by them too: so
    // its longest one is found among the entry before it and that one's parents.
    std::optional<std::size_t> parent = i - 1;
    while (parent.has_value() && !absl::StartsWith(entries[i].prefix, entries[*parent].prefix)) {
      parent = entries[*parent].parent;
    }
    entries[i].parent = parent;
  }
  return LocationRouter(std::move(entries));
}

std::optional<std::size_t> LocationRouter::Find(absl::string_view path) const {
  const auto behind = std::upper_bound(
      entries_.begin(), entries_.end(), path,
      [](absl::string_view value, const Entry& entry) { return value < entry.prefix; });
  if (behind == entries_.begin()) return std::nullopt;
  // As in Create.
  std::optional<std::size_t> candidate = static_cast<std::size_t>(behind - entries_.begin()) - 1;
  while (candidate.has_value()) {
    const Entry& entry = entries_[*candidate];
    if (absl::StartsWith(path, entry.prefix)) return entry.index;
    candidate = entry.parent;
  }
  return std::nullopt;
}

}  // namespace muster::worker::http
