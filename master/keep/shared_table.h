#ifndef MUSTER_MASTER_KEEP_SHARED_TABLE_H_
#define MUSTER_MASTER_KEEP_SHARED_TABLE_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/master/keep/state_error.h"

namespace muster::master {

// What several parts of a state share, as the zones of workers and of deployments: each part saves
// the numbers of its entries, and somebody saves the entries once. One thread at a time.
template <typename T>
class SharedTable {
 public:
  using Entry = std::shared_ptr<const T>;

  SharedTable() = default;
  // Of a state that is restored.
  explicit SharedTable(std::vector<Entry> entries) : entries_(std::move(entries)) {}

  // For saving: the entry's number, which it gets if it has none yet.
  std::uint32_t Add(const Entry& entry) {
    const auto found = std::find(entries_.begin(), entries_.end(), entry);
    const auto number = static_cast<std::uint32_t>(found - entries_.begin());
    if (found == entries_.end()) entries_.push_back(entry);
    return number;
  }
  // For restoring. InvalidArgument, with the field that has the number: there is no such entry.
  absl::StatusOr<Entry> Find(std::uint32_t number, absl::string_view field) const {
    if (number < entries_.size()) return entries_[number];
    return StateError(field, absl::StrCat("is entry ", number, " of a table of ", entries_.size()));
  }

  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_KEEP_SHARED_TABLE_H_
