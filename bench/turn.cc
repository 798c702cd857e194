#include "muster/bench/turn.h"

#include <sched.h>

namespace muster::bench {

Window Turn::Meet() {
  std::int64_t start = 0;
  if (page_->arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == processes_) {
    start = NowNanoseconds();
    page_->start.store(start, std::memory_order_release);
  }
  // Yields: the other may have to share this CPU.
  while (start == 0) {
    ::sched_yield();
    start = page_->start.load(std::memory_order_acquire);
  }
  const std::int64_t warm = start + warmup_.count();
  return Window{warm, warm + duration_.count()};
}

}  // namespace muster::bench
