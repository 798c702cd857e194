#ifndef MUSTER_IPC_LOCK_COUNTER_H_
#define MUSTER_IPC_LOCK_COUNTER_H_

#include <atomic>
#include <cstdint>

#include "absl/types/span.h"
#include "muster/ipc/base/cache_line.h"

namespace muster::ipc {

// A Counter and a Gauge are words in shared memory with one writer and any number of readers, in
// any process. They never block and need no recovery. All bytes zero is a valid beginning. Group
// those of one writer in a struct with cache lines of its own, keep an array with one struct for
// each slot, and add up:
//
//   struct alignas(kCacheLineBytes) WorkerLine {
//     Counter requests;
//     Gauge active;
//   };
//   const std::uint64_t requests = Sum(lines, &WorkerLine::requests);
//
// The next process in a slot continues with the counters of the dead one, so totals only grow. The
// process that recovers the slot clears its gauges, since the things that they counted are gone.
//
// All accesses are relaxed: a value is never torn, but it does not order other memory. As there is
// one writer, an addition is a load and a store, without a locked instruction. After fork, the
// child must not write the words of its parent.

// A total, which only grows.
class Counter {
 public:
  // For the writer only.
  void Add(std::uint64_t amount = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }

  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// A value that goes up and down.
class Gauge {
 public:
  // For the writer only and, after its death, for the process that recovers its slot.
  void Add(std::int64_t amount = 1) { Set(Wrap(Bits(value()) + Bits(amount))); }
  void Subtract(std::int64_t amount = 1) { Set(Wrap(Bits(value()) - Bits(amount))); }
  void Set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void Clear() { Set(0); }

  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  // Unsigned, so that garbage in the memory does not overflow a signed number.
  static std::uint64_t Bits(std::int64_t value) { return static_cast<std::uint64_t>(value); }
  static std::int64_t Wrap(std::uint64_t bits) { return static_cast<std::int64_t>(bits); }

  std::atomic<std::int64_t> value_{0};
};

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(std::atomic<std::int64_t>::is_always_lock_free);
static_assert(sizeof(Counter) == 8 && sizeof(Gauge) == 8);

// The sum of one counter or gauge over all lines. It is not a snapshot: each word is read at a
// different moment.
template <typename Line, typename Cell>
auto Sum(absl::Span<const Line> lines, Cell Line::*cell) {
  static_assert(alignof(Line) >= kCacheLineBytes, "give each writer a cache line of its own");
  // Unsigned: garbage in a line must not overflow.
  std::uint64_t sum = 0;
  for (const Line& line : lines) sum += static_cast<std::uint64_t>((line.*cell).value());
  return static_cast<decltype((lines[0].*cell).value())>(sum);
}

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_COUNTER_H_
