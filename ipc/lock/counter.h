#ifndef MUSTER_IPC_LOCK_COUNTER_H_
#define MUSTER_IPC_LOCK_COUNTER_H_

#include <atomic>
#include <cstdint>

#include "absl/types/span.h"
#include "muster/ipc/base/cache_line.h"

namespace muster::ipc {

// A Counter and a Gauge are words in shared memory with one writer and any number
// of readers, in any process. All zero bytes are a valid zero. Group those of one
// writer into a line of their own, an array of lines over the slots, and add up:
//
//   struct alignas(kCacheLineBytes) WorkerLine {
//     Counter requests;
//     Gauge active;
//   };
//   const std::uint64_t requests = Sum(lines, &WorkerLine::requests);
//
// A slot's next process goes on where the dead one stopped, so totals only grow;
// whoever recovers the slot clears its gauges, for what they counted died too.
//
// All accesses are relaxed: a value is never torn, but says nothing about other
// memory. With one writer, a load and a store add without a locked instruction.

// Grows only.
class Counter {
 public:
  // The writer only.
  void Add(std::uint64_t amount = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }

  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Rises and falls.
class Gauge {
 public:
  // The writer only, and after its death whoever recovers its slot.
  void Add(std::int64_t amount = 1) { Set(Wrap(Bits(value()) + Bits(amount))); }
  void Subtract(std::int64_t amount = 1) { Set(Wrap(Bits(value()) - Bits(amount))); }
  void Set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void Clear() { Set(0); }

  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  // Garbage in the line must not overflow a signed number.
  static std::uint64_t Bits(std::int64_t value) { return static_cast<std::uint64_t>(value); }
  static std::int64_t Wrap(std::uint64_t bits) { return static_cast<std::int64_t>(bits); }

  std::atomic<std::int64_t> value_{0};
};

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(std::atomic<std::int64_t>::is_always_lock_free);
static_assert(sizeof(Counter) == 8 && sizeof(Gauge) == 8);

// The sum of one counter or gauge over all lines. Not a snapshot: each word is read
// at its own moment.
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
