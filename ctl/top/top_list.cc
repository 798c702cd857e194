#include "muster/ctl/top/top_list.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace muster::ctl {

void TopList::Take(const admin::v1::Status& status, absl::Duration now) {
  KeepSelection([&] { rows_.Take(status, now); });
}

std::vector<const TopRow*> TopList::Shown() const {
  std::vector<const TopRow*> shown;
  const std::string wanted = absl::AsciiStrToLower(filter_);
  for (const TopRow& row : rows_.rows()) {
    const bool is_wanted =
        wanted.empty() || std::any_of(row.cells.begin(), row.cells.end(), [&](const auto& cell) {
          return absl::StrContains(absl::AsciiStrToLower(cell), wanted);
        });
    if (is_wanted) shown.push_back(&row);
  }
  const auto column = static_cast<std::size_t>(order_);
  std::stable_sort(shown.begin(), shown.end(), [&](const TopRow* one, const TopRow* other) {
    if (order_ == TopColumn::kState) {
      return is_descending_ ? one->cells[column] > other->cells[column]
                            : one->cells[column] < other->cells[column];
    }
    return is_descending_ ? one->keys[column] > other->keys[column]
                          : one->keys[column] < other->keys[column];
  });
  return shown;
}

void TopList::SortBy(TopColumn column, bool is_descending) {
  KeepSelection([&] {
    order_ = column;
    is_descending_ = is_descending;
  });
}

void TopList::SortByNext(int steps) {
  constexpr int kCount = static_cast<int>(kTopColumns);
  const int next = (static_cast<int>(order_) + steps) % kCount;
  SortBy(static_cast<TopColumn>(next < 0 ? next + kCount : next), is_descending_);
}

void TopList::Move(int steps) {
  const std::size_t shown = Shown().size();
  if (steps < 0) {
    selected_ -= std::min(selected_, static_cast<std::size_t>(-steps));
  } else {
    selected_ = std::min(selected_ + static_cast<std::size_t>(steps), shown == 0 ? 0 : shown - 1);
  }
}

void TopList::KeepSelection(const std::function<void()>& change) {
  const auto key_of = [](const TopRow& row, TopColumn column) {
    return row.keys[static_cast<std::size_t>(column)];
  };
  const auto number_of = [&](const TopRow& row) {
    return std::pair(key_of(row, TopColumn::kGeneration), key_of(row, TopColumn::kWorker));
  };
  std::optional<TopRow> row;
  // The first row is where the selection is if nobody has moved it.
  if (const auto before = Shown(); selected_ > 0 && selected_ < before.size()) {
    row = *before[selected_];
  }
  change();
  const auto after = Shown();
  selected_ = std::min(selected_, after.empty() ? 0 : after.size() - 1);
  if (!row.has_value()) return;
  for (std::size_t i = after.size(); i-- > 0;) {
    if (number_of(*after[i]) != number_of(*row)) continue;
    selected_ = i;  // its successor, if it is not there itself
    // While one drains, its successor has the same number.
    if (key_of(*after[i], TopColumn::kSlot) == key_of(*row, TopColumn::kSlot)) return;
  }
}

}  // namespace muster::ctl
