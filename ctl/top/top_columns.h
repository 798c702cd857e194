#ifndef MUSTER_CTL_TOP_TOP_COLUMNS_H_
#define MUSTER_CTL_TOP_TOP_COLUMNS_H_

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "muster/ctl/top/top_rows.h"

namespace muster::ctl {

// How wide each column is, and which of them are shown. A value.
class TopColumns {
 public:
  // All columns, with the widths that their titles and the cells of `rows` need.
  explicit TopColumns(const std::vector<const TopRow*>& rows);

  // Leaves the less important ones out until the others fit into `width`; never `order`, by which
  // rows are sorted.
  void Fit(std::size_t width, TopColumn order);

  // The line of the titles, with a mark at `order`.
  std::string Titles(TopColumn order, bool is_descending) const;
  std::string LineOf(const TopRow& row) const;

 private:
  std::array<std::size_t, kTopColumns> widths_;  // 0: the column is not shown
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TOP_TOP_COLUMNS_H_
