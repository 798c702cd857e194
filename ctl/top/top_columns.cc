#include "muster/ctl/top/top_columns.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "muster/ctl/top/top_line.h"

namespace muster::ctl {
namespace {

constexpr std::size_t kBetweenColumns = 2;
// Of a request its beginning is worth showing.
constexpr std::size_t kLeastRequestWidth = 20;

// Which columns a narrow screen shows: those that come first here.
constexpr std::array kByImportance = {TopColumn::kWorker,      TopColumn::kState,
                                      TopColumn::kRequestRate, TopColumn::kP99,
                                      TopColumn::kCpu,         TopColumn::kP50,
                                      TopColumn::kMemory,      TopColumn::kActive,
                                      TopColumn::kPid,         TopColumn::kConnectionRate,
                                      TopColumn::kAge,         TopColumn::kGeneration,
                                      TopColumn::kRequest,     TopColumn::kRequests,
                                      TopColumn::kRestarts,    TopColumn::kSlot};
static_assert(kByImportance.size() == kTopColumns);

}  // namespace

TopColumns::TopColumns(const std::vector<const TopRow*>& rows) {
  for (std::size_t i = 0; i < kTopColumns; ++i) {
    // Room for the mark of the order, so that columns do not move with it.
    widths_[i] = WidthOf(TopRows::TitleOf(static_cast<TopColumn>(i))) + 1;
    for (const TopRow* row : rows) widths_[i] = std::max(widths_[i], WidthOf(row->cells[i]));
  }
}

void TopColumns::Fit(std::size_t width, TopColumn order) {
  const auto needed = [&](TopColumn column) {
    const std::size_t own = widths_[static_cast<std::size_t>(column)];
    return kBetweenColumns +
           (column == TopColumn::kRequest ? std::min(own, kLeastRequestWidth) : own);
  };
  std::size_t used = needed(order);
  for (const TopColumn column : kByImportance) {
    if (column == order) continue;
    // There is nothing between columns before the first.
    if (used + needed(column) <= width + kBetweenColumns) {
      used += needed(column);
    } else {
      widths_[static_cast<std::size_t>(column)] = 0;
    }
  }
}

std::string TopColumns::Titles(TopColumn order, bool is_descending) const {
  std::string line;
  for (std::size_t i = 0; i < kTopColumns; ++i) {
    if (widths_[i] == 0) continue;
    const auto column = static_cast<TopColumn>(i);
    const char* mark = column != order ? "" : is_descending ? "-" : "+";
    if (!line.empty()) line += std::string(kBetweenColumns, ' ');
    line +=
        Padded(absl::StrCat(mark, TopRows::TitleOf(column)), widths_[i], TopRows::IsNumber(column));
  }
  return line;
}

std::string TopColumns::LineOf(const TopRow& row) const {
  std::string line;
  for (std::size_t i = 0; i < kTopColumns; ++i) {
    if (widths_[i] == 0) continue;
    if (!line.empty()) line += std::string(kBetweenColumns, ' ');
    line += Padded(row.cells[i], widths_[i], TopRows::IsNumber(static_cast<TopColumn>(i)));
  }
  return OnOneLine(line);
}

}  // namespace muster::ctl
