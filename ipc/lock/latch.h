#ifndef MUSTER_IPC_LOCK_LATCH_H_
#define MUSTER_IPC_LOCK_LATCH_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>
#include <utility>

#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/lock/owner_tag.h"

namespace muster::ipc {

// The part of a latch that is in shared memory. All bytes zero: version 0, and a value whose bytes
// are zero.
template <typename Value>
struct alignas(kCacheLineBytes) LatchState {
  static constexpr std::size_t kWords = (sizeof(Value) + 7) / 8;
  using Copy = std::array<std::atomic<std::uint64_t>, kWords>;

  // Written by the writer. Readers use `even` if it is even, otherwise `odd`.
  std::atomic<std::uint64_t> version{0};
  alignas(64) Copy even{};  // written by the writer, while `version` is odd
  alignas(64) Copy odd{};   // written by the writer, while `version` is even

  // Nothing to do: a writer that died left the current copy intact, and the next writer writes the
  // other copy again. Always false.
  bool Recover(OwnerTag) { return false; }
};

// A value with one writer and any number of readers, which never wait for the writer. A seqlock
// with two copies, as Linux's seqcount_latch_t: the writer changes the copy that is not current and
// then makes it the current one. If it dies half-way, readers continue with the other copy. A
// reader retries only if a Write was completed while the reader copied.
//
// At most one participant may write at a time. If the program does not ensure that otherwise, use a
// Mutex. When a writer dies, another one may follow without a repair. `state` must outlive the
// latch. All threads of a process may use one handle. A child of fork may use its copy, and counts
// as another writer. No call blocks.
template <typename Value>
class Latch {
  static_assert(std::is_trivially_copyable_v<Value>, "copied word by word");
  static_assert(std::is_default_constructible_v<Value>, "a place to copy it to");
  static_assert(std::is_standard_layout_v<LatchState<Value>>);
  static_assert(std::is_trivially_destructible_v<LatchState<Value>>);
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

 public:
  explicit Latch(LatchState<Value>* state) : state_(state) {}

  // For one writer at a time.
  void Write(const Value& value);

  // The latest value that was completely written. Retries until it has one. Everything before the
  // Write of this value happens before the return.
  Value Read() const {
    Value value;
    while (!ReadOnce(value)) [[unlikely]] SpinPause();
    return value;
  }
  // The same, with at most `attempts` attempts, for a writer that may write without a pause.
  // Nothing: no attempt succeeded.
  std::optional<Value> TryRead(int attempts) const;

  // The number of values that were written.
  std::uint64_t version() const { return state_->version.load(std::memory_order_acquire); }

 private:
  using State = LatchState<Value>;
  // The number of words that the value fills, and the number of bytes in its last, partial word.
  static constexpr std::size_t kWholeWords = sizeof(Value) / 8;
  static constexpr std::size_t kRestBytes = sizeof(Value) % 8;

  // False: `value` may be a mix of two values. Always inline: a call costs as much as the copy.
  [[gnu::always_inline]] bool ReadOnce(Value& value) const;

  LatchState<Value>* state_;
};

template <typename Value>
void Latch<Value>::Write(const Value& value) {
  std::array<std::uint64_t, State::kWords> words = {};
  std::memcpy(words.data(), &value, sizeof value);
  // Relaxed: written by this participant, or by an earlier writer that happens before this call.
  const std::uint64_t version = state_->version.load(std::memory_order_relaxed);
  auto& next = version % 2 == 0 ? state_->odd : state_->even;
  for (std::size_t i = 0; i < words.size(); ++i) {
    // Release, each: a reader that gets this word while it copies version - 1 must find a newer
    // version afterwards. Pairs with the acquire in ReadOnce.
    next[i].store(words[i], std::memory_order_release);
  }
  // Release: pairs with the acquire in ReadOnce. The copy is complete.
  state_->version.store(version + 1, std::memory_order_release);
}

template <typename Value>
inline bool Latch<Value>::ReadOnce(Value& value) const {
  const State& state = *state_;
  // Acquire: pairs with the release of the version in Write.
  const std::uint64_t version = state.version.load(std::memory_order_acquire);
  const auto& current = version % 2 == 0 ? state.even : state.odd;
  // Each word is stored directly in its place and not copied again. Wider loads directly after
  // these stores would wait until the stores have left the store buffer.
  auto* const bytes = reinterpret_cast<std::byte*>(&value);
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kWholeWords; ++i) {
    // Acquire, each, instead of relaxed loads and a fence: the same instructions on x86, and
    // ThreadSanitizer supports it.
    const std::uint64_t word = current[i].load(std::memory_order_acquire);
    std::memcpy(bytes + i * sizeof word, &word, sizeof word);
  }
  if constexpr (kRestBytes > 0) {
    const std::uint64_t word = current[kWholeWords].load(std::memory_order_acquire);
    std::memcpy(bytes + kWholeWords * sizeof word, &word, kRestBytes);
  }
  // Relaxed: the acquire loads keep it after the words.
  return state.version.load(std::memory_order_relaxed) == version;
}

template <typename Value>
std::optional<Value> Latch<Value>::TryRead(int attempts) const {
  std::optional<Value> value(std::in_place);
  for (int i = 0; i < attempts; ++i) {
    if (ReadOnce(*value)) [[likely]]
      return value;
    SpinPause();
  }
  return std::nullopt;
}

}  // namespace muster::ipc

#endif  // MUSTER_IPC_LOCK_LATCH_H_
