#ifndef MUSTER_IPC_LOCK_INTERNAL_SPIN_BUDGET_H_
#define MUSTER_IPC_LOCK_INTERNAL_SPIN_BUDGET_H_

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"
#include "muster/ipc/base/cache_line.h"

namespace muster::ipc::internal {

// How many SpinPause() take about `duration`. What a pause costs differs by ten
// times between processors; it is measured once in a process, in some 20 µs. Thread-safe. Zero
// where only one processor is online: whom a spinner waits for could not run.
std::uint32_t PausesIn(absl::Duration duration);

// Spends a budget of pauses in doubling steps: the longer a lock is held, the
// less often its line is taken from the owner by those who look at it.
class Spinner {
 public:
  explicit Spinner(std::uint32_t pauses) : left_(pauses) {}

  // False, without a pause: the budget is spent.
  bool Pause() {
    if (left_ == 0) return false;
    const std::uint32_t count = std::min(step_, left_);
    for (std::uint32_t i = 0; i < count; ++i) SpinPause();
    left_ -= count;
    step_ = std::min(step_ * 2, kLongestStep);
    return true;
  }

 private:
  static constexpr std::uint32_t kLongestStep = 64;

  std::uint32_t left_;
  std::uint32_t step_ = 1;
};

}  // namespace muster::ipc::internal

#endif  // MUSTER_IPC_LOCK_INTERNAL_SPIN_BUDGET_H_
