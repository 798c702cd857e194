#ifndef LEDGER_H_
#define LEDGER_H_

#include <atomic>
#include <cstdint>
#include <type_traits>

namespace embed {

// Two accounts whose sum never changes, in memory that processes share. All bytes
// zero: empty accounts.
//
// A transfer can be cut off between any two of its stores, by the death of who makes
// it. So it says first what it is about to change and how that was before. The stores are
// releases to keep them in this order: a survivor sees the first few of them, never
// a later one without an earlier one.
class Ledger {
 public:
  // For one process at a time.
  void Open(std::int64_t first, std::int64_t second);
  void Transfer(std::int64_t amount);
  // The first half of Transfer: what is left behind by who dies in the middle.
  void BeginTransfer(std::int64_t amount);
  // Takes back a transfer that was cut off; false: there is none.
  bool Repair();
  std::int64_t Sum() const;

 private:
  void EndTransfer(std::int64_t amount);

  std::atomic<std::int64_t> accounts_[2];
  std::atomic<std::int64_t> before_[2];
  std::atomic<std::uint32_t> is_changing_;
};
static_assert(std::is_standard_layout_v<Ledger>);

}  // namespace embed

#endif  // LEDGER_H_
