#include "muster/ctl/top/top_locks.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "muster/ctl/text/table.h"
#include "muster/ctl/text/zone_text.h"
#include "muster/proto/counted.h"

namespace muster::ctl {
namespace {

// Names come from services: any number of them.
constexpr std::size_t kMostSeen = 1000;

}  // namespace

void TopLocks::Take(const admin::v1::ListLocksResponse& locks) {
  ++looks_;
  for (auto& [key, seen] : seen_) seen.is_in_use = false;
  for (const admin::v1::Lock& lock : locks.locks()) {
    const std::pair key(lock.zone(), lock.name());
    const auto known = seen_.find(key);
    const bool is_told = lock.has_waiters() || lock.owner_died() || lock.is_not_recoverable();
    if (known == seen_.end() && (!is_told || seen_.size() >= kMostSeen)) continue;
    Seen& seen = seen_[key];
    seen.last = lock;
    seen.is_in_use = true;
    if (lock.has_waiters()) ++seen.waited;
    if (lock.owner_died() && !seen.has_dead_owner) ++seen.deaths;
    seen.has_dead_owner = lock.owner_died();
  }
  for (auto& [key, seen] : seen_) {
    if (seen.is_in_use) continue;
    seen.has_dead_owner = false;
    seen.last.clear_owners();
    seen.last.clear_readers();
    seen.last.clear_has_waiters();
    seen.last.clear_owner_died();
    seen.last.clear_is_not_recoverable();
  }
}

std::vector<std::string> TopLocks::Lines(std::size_t most) const {
  if (seen_.empty() || most < 2) return {};
  std::vector<const Seen*> sorted;
  for (const auto& [key, seen] : seen_) sorted.push_back(&seen);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Seen* one, const Seen* other) {
    return std::pair(one->waited, one->deaths) > std::pair(other->waited, other->deaths);
  });
  constexpr auto kRight = Table::Align::kRight;
  Table table({{"LOCK"},
               {"KIND"},
               {"WAITED FOR", kRight},
               {"OWNERS DIED", kRight},
               {"HELD BY"},
               {"STATE"}});
  for (const Seen* seen : sorted) {
    const admin::v1::Lock& lock = seen->last;
    table.AddRow({lock.zone().empty() ? lock.name() : absl::StrCat(lock.zone(), "/", lock.name()),
                  lock.kind(), absl::StrCat(seen->waited, " of ", config::Counted(looks_, "look")),
                  absl::StrCat(seen->deaths), OwnersText(lock), LockStateText(lock)});
  }
  std::vector<std::string> lines = absl::StrSplit(table.Render(), '\n', absl::SkipEmpty());
  if (lines.size() > most) lines.resize(most);
  return lines;
}

}  // namespace muster::ctl
