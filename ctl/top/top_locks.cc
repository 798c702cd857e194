#include "muster/ctl/top/top_locks.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "muster/ctl/text/table.h"
#include "muster/ctl/text/zone_text.h"

namespace muster::ctl {
namespace {

using admin::v1::Lock;

std::pair<std::string, std::string> KeyOf(const Lock& lock) { return {lock.zone(), lock.name()}; }

// Not of those that are only held.
bool IsContended(const Lock& lock) {
  return lock.waits() > 0 || lock.recoveries() > 0 || lock.has_waiters() || lock.owner_died() ||
         lock.is_not_recoverable();
}

std::string RateText(std::optional<double> rate) {
  if (!rate.has_value()) return "-";
  return *rate > 0 && *rate < 10 ? absl::StrFormat("%.1f", *rate) : absl::StrFormat("%.0f", *rate);
}

}  // namespace

void TopLocks::Take(const admin::v1::ListLocksResponse& locks, absl::Duration now) {
  std::map<std::pair<std::string, std::string>, std::uint64_t> before;
  for (const Row& row : rows_) {
    if (row.lock.has_waits()) before[KeyOf(row.lock)] = row.lock.waits();
  }
  const double seconds = taken_.has_value() ? absl::ToDoubleSeconds(now - *taken_) : 0;
  rows_.clear();
  for (const Lock& lock : locks.locks()) {
    if (!IsContended(lock)) continue;
    Row& row = rows_.emplace_back(Row{.lock = lock, .waits_per_second = std::nullopt});
    if (!lock.has_waits() || seconds <= 0) continue;
    // One that is told of for the first time had no waits at the last look.
    const auto old = before.find(KeyOf(lock));
    const std::uint64_t earlier = old == before.end() ? 0 : old->second;
    // Fewer: another zone with the same name.
    if (lock.waits() >= earlier) {
      row.waits_per_second = static_cast<double>(lock.waits() - earlier) / seconds;
    }
  }
  taken_ = now;
}

std::vector<std::string> TopLocks::Lines(std::size_t most) const {
  if (rows_.empty() || most < 2) return {};
  std::vector<const Row*> sorted;
  for (const Row& row : rows_) sorted.push_back(&row);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Row* one, const Row* other) {
    const auto weight = [](const Row* row) {
      return std::tuple(row->waits_per_second.value_or(0), row->lock.has_waiters(),
                        row->lock.waits(), row->lock.recoveries());
    };
    return weight(one) > weight(other);
  });
  constexpr auto kRight = Table::Align::kRight;
  Table table({{"LOCK"},
               {"KIND"},
               {"WAITS/S", kRight},
               {"WAITS", kRight},
               {"RECOVERIES", kRight},
               {"HELD BY"},
               {"STATE"}});
  for (const Row* row : sorted) {
    const Lock& lock = row->lock;
    table.AddRow({lock.zone().empty() ? lock.name() : absl::StrCat(lock.zone(), "/", lock.name()),
                  lock.kind(), RateText(row->waits_per_second), WaitsText(lock),
                  RecoveriesText(lock), OwnersText(lock), LockStateText(lock)});
  }
  std::vector<std::string> lines = absl::StrSplit(table.Render(), '\n', absl::SkipEmpty());
  if (lines.size() > most) lines.resize(most);
  return lines;
}

}  // namespace muster::ctl
