#ifndef MUSTER_MASTER_DECIDE_SAVED_ENUM_H_
#define MUSTER_MASTER_DECIDE_SAVED_ENUM_H_

#include <utility>

namespace muster::master {

// How the values of an enumeration are saved: a table of pairs, each with the value in the core and
// the one in the state (proto/state/core_state.proto), whose numbers stay when the core's change.

// What is not in the table is saved as 0, which no state may have.
template <typename Value, typename Saved, int size>
Saved ToSaved(const std::pair<Value, Saved> (&table)[size], Value value) {
  for (const auto& [known, saved] : table) {
    if (known == value) return saved;
  }
  return Saved(0);
}

// What is not in the table is the first value of it: the state was checked for such values.
template <typename Value, typename Saved, int size>
Value FromSaved(const std::pair<Value, Saved> (&table)[size], Saved saved) {
  for (const auto& [value, known] : table) {
    if (known == saved) return value;
  }
  return table[0].first;
}

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_SAVED_ENUM_H_
