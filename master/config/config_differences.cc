#include "muster/master/config/config_differences.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/log/printable.h"

namespace muster::master {
namespace {

constexpr char kMask[] = "***";

// A path with its values. Null: it is not set there.
struct Pair {
  const ConfigEntry* before = nullptr;
  const ConfigEntry* after = nullptr;
};

// All paths, in the order of `before`; what is new stands behind what it follows in `after`.
std::list<Pair> PairsOf(const std::vector<ConfigEntry>& before,
                        const std::vector<ConfigEntry>& after) {
  std::list<Pair> pairs;
  std::unordered_map<std::string, std::list<Pair>::iterator> by_path;
  for (const ConfigEntry& entry : before) {
    by_path[entry.path] = pairs.insert(pairs.end(), {.before = &entry});
  }
  auto next = pairs.begin();
  for (const ConfigEntry& entry : after) {
    const auto known = by_path.find(entry.path);
    if (known != by_path.end()) {
      known->second->after = &entry;
      next = std::next(known->second);
    } else {
      next = std::next(pairs.insert(next, {.after = &entry}));
    }
  }
  return pairs;
}

// Whether a message that has no fields on one side has some in `other`, which are told by
// themselves.
bool HasFields(const ConfigEntry& empty, const std::vector<ConfigEntry>& other) {
  return empty.value == kEmptyMessage &&
         std::any_of(other.begin(), other.end(), [prefix = empty.path + "."](const auto& entry) {
           return absl::StartsWith(entry.path, prefix);
         });
}

bool IsDifferent(const Pair& pair, const std::vector<ConfigEntry>& before,
                 const std::vector<ConfigEntry>& after) {
  if (pair.before == nullptr) return !HasFields(*pair.after, before);
  if (pair.after == nullptr) return !HasFields(*pair.before, after);
  return pair.before->value != pair.after->value;
}

// `is_secret`: in one of the two configurations at least.
std::string Shown(const ConfigEntry* entry, bool is_secret) {
  if (entry == nullptr) return "";
  if (is_secret) return kMask;
  std::string text = log::Printable(entry->value);
  if (text.size() <= kMostValueBytes) return text;
  std::size_t size = kMostValueBytes;
  // Not within a character.
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return absl::StrCat(absl::string_view(text).substr(0, size), "...");
}

}  // namespace

void SetDifferences(const std::vector<ConfigEntry>& before, const std::vector<ConfigEntry>& after,
                    admin::v1::ConfigCheck* check) {
  check->set_is_compared(true);
  std::uint32_t left_out = 0;
  std::size_t bytes = 0;
  for (const Pair& pair : PairsOf(before, after)) {
    if (!IsDifferent(pair, before, after)) continue;
    const bool is_secret = (pair.before != nullptr && pair.before->is_secret) ||
                           (pair.after != nullptr && pair.after->is_secret);
    admin::v1::ConfigDifference difference;
    difference.set_path(
        log::Printable(pair.before != nullptr ? pair.before->path : pair.after->path));
    difference.set_before(Shown(pair.before, is_secret));
    difference.set_after(Shown(pair.after, is_secret));
    difference.set_is_secret(is_secret);
    bytes += difference.ByteSizeLong();
    if (left_out > 0 || bytes > kMostDifferenceBytes ||
        check->differences_size() == static_cast<int>(kMostDifferences)) {
      ++left_out;
      continue;
    }
    *check->add_differences() = std::move(difference);
  }
  check->set_differences_left_out(left_out);
}

}  // namespace muster::master
