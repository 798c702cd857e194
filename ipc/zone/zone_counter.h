#ifndef MUSTER_IPC_ZONE_ZONE_COUNTER_H_
#define MUSTER_IPC_ZONE_ZONE_COUNTER_H_

#include <atomic>
#include <cstdint>

#include "absl/types/span.h"
#include "muster/ipc/base/cache_line.h"

namespace muster::ipc {

// A participant's part of a counter, in shared memory.
struct alignas(kCacheLineBytes) ZoneCounterCell {
  std::atomic<std::uint64_t> value{0};
};
static_assert(sizeof(ZoneCounterCell) == kCacheLineBytes);

// A total that all participants of a zone add to, each in a cell of its own slot. What the dead
// have added stays. Thread-safe; no call blocks. A participant with one thread and many numbers
// does better with a struct of Counters of its own (ipc/lock/counter.h).
class ZoneCounter {
 public:
  ZoneCounter(absl::Span<ZoneCounterCell> cells, std::uint32_t slot)
      : cells_(cells), mine_(&cells[slot].value) {}

  // Relaxed: it does not order other memory.
  void Add(std::uint64_t amount = 1) { mine_->fetch_add(amount, std::memory_order_relaxed); }
  // Of all participants. Not a snapshot: each cell is read at another moment.
  std::uint64_t value() const {
    std::uint64_t sum = 0;
    for (const ZoneCounterCell& cell : cells_) sum += cell.value.load(std::memory_order_relaxed);
    return sum;
  }

 private:
  absl::Span<ZoneCounterCell> cells_;
  std::atomic<std::uint64_t>* mine_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_ZONE_COUNTER_H_
