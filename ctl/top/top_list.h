#ifndef MUSTER_CTL_TOP_TOP_LIST_H_
#define MUSTER_CTL_TOP_TOP_LIST_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "muster/ctl/top/top_rows.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {

// The list of workers: in which order they are, which of them a filter lets through, and which one
// is selected. The same worker stays selected, whatever row it has, and after it the one that has
// taken its place. A value.
class TopList {
 public:
  // Takes what the master has answered at `now`, by a clock that is never set.
  void Take(const admin::v1::Status& status, absl::Duration now);

  const TopRows& rows() const { return rows_; }
  // Those that the filter lets through, in order. They live until the next Take.
  std::vector<const TopRow*> Shown() const;

  TopColumn order() const { return order_; }
  bool is_descending() const { return is_descending_; }
  void SortBy(TopColumn column, bool is_descending);
  // By the column `steps` further right; on the right of the last one is the first.
  void SortByNext(int steps);

  // The place in Shown(); 0 if that is empty.
  std::size_t selected() const { return selected_; }
  // Selects the worker that is `steps` further down, at most the first or the last one.
  void Move(int steps);

  const std::string& filter() const { return filter_; }
  // Lets those rows through that have `filter` in a cell, in any case of letters; empty: all.
  void SetFilter(const std::string& filter) { filter_ = filter; }
  void SelectFirst() { selected_ = 0; }

 private:
  // Keeps the worker selected, whatever row it has after `change`.
  void KeepSelection(const std::function<void()>& change);

  TopRows rows_;
  TopColumn order_ = TopColumn::kWorker;
  bool is_descending_ = false;
  std::string filter_;
  std::size_t selected_ = 0;
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TOP_TOP_LIST_H_
