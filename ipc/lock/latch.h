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

// The part of a latch that lies in shared memory. All bytes zero: version 0, a
// value of zero bytes.
template <typename Value>
struct alignas(kCacheLineBytes) LatchState {
  static constexpr std::size_t kWords = (sizeof(Value) + 7) / 8;
  using Copy = std::array<std::atomic<std::uint64_t>, kWords>;

  // Written by the writer. Readers take copies[version % 2].
  std::atomic<std::uint64_t> version{0};
  alignas(64) Copy even{};  // by the writer, while `version` is odd
  alignas(64) Copy odd{};   // by the writer, while `version` is even

  // Nothing to do: a writer that died left the copy it was not writing, and the
  // next writer begins again with the other one. Always false.
  bool Recover(OwnerTag) { return false; }
};

// A value with one writer and any number of readers, who never wait for it: a
// seqlock with two copies. The writer changes the copy that is not current and then
// makes it so; if it dies half-way, readers go on with the other. A reader repeats itself
// only when two values were written while it copied one.
// At most one participant writes at a time; use a Mutex where that is not so by
// itself, and then a writer that died is followed by another without repair.
// `state` outlives it. One handle may be used by all threads of a process, and by a child of
// fork, which is a writer of its own.
template <typename Value>
class Latch {
  static_assert(std::is_trivially_copyable_v<Value>, "copied word by word");
  static_assert(std::is_default_constructible_v<Value>, "a place to copy it to");
  static_assert(std::is_standard_layout_v<LatchState<Value>>);
  static_assert(std::is_trivially_destructible_v<LatchState<Value>>);
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

 public:
  explicit Latch(LatchState<Value>* state) : state_(state) {}

  // Of one writer at a time.
  void Write(const Value& value);

  // The latest value that was wholly written; repeats until it has one. Everything
  // before its Write happens before the return.
  Value Read() const {
    Value value;
    while (!ReadOnce(value)) [[unlikely]] SpinPause();
    return value;
  }
  // The same in so many attempts at most, for a writer that is not trusted to pause.
  std::optional<Value> TryRead(int attempts) const;

  // How many values were written; 0: none yet.
  std::uint64_t version() const { return state_->version.load(std::memory_order_acquire); }

 private:
  using State = LatchState<Value>;
  // The words that are all value, and what is left over for the last one.
  static constexpr std::size_t kWholeWords = sizeof(Value) / 8;
  static constexpr std::size_t kRestBytes = sizeof(Value) % 8;

  // False: `value` may be a mix of two. Always inline: a call costs as much as the copy.
  [[gnu::always_inline]] bool ReadOnce(Value& value) const;

  LatchState<Value>* state_;
};

template <typename Value>
void Latch<Value>::Write(const Value& value) {
  std::array<std::uint64_t, State::kWords> words = {};
  std::memcpy(words.data(), &value, sizeof value);
  // Relaxed: written by this participant, or by one before it that the caller follows.
  const std::uint64_t version = state_->version.load(std::memory_order_relaxed);
  auto& next = version % 2 == 0 ? state_->odd : state_->even;
  for (std::size_t i = 0; i < words.size(); ++i) {
    // Release, each: a reader that gets this word while it copies version - 1 must
    // find that the version has moved on. It pairs with the acquire in ReadOnce.
    next[i].store(words[i], std::memory_order_release);
  }
  // Release: pairs with the acquire in ReadOnce; the copy is whole.
  state_->version.store(version + 1, std::memory_order_release);
}

template <typename Value>
inline bool Latch<Value>::ReadOnce(Value& value) const {
  const State& state = *state_;
  // Acquire: pairs with the release of the version in Write.
  const std::uint64_t version = state.version.load(std::memory_order_acquire);
  const auto& current = version % 2 == 0 ? state.even : state.odd;
  // Each word goes straight to its place, and is not copied again: wider loads right
  // after these stores would wait until they have left the store buffer.
  auto* const bytes = reinterpret_cast<std::byte*>(&value);
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kWholeWords; ++i) {
    // Acquire, each, in place of relaxed loads and a fence: the same instructions on
    // x86, and ThreadSanitizer understands it.
    const std::uint64_t word = current[i].load(std::memory_order_acquire);
    std::memcpy(bytes + i * sizeof word, &word, sizeof word);
  }
  if constexpr (kRestBytes > 0) {
    const std::uint64_t word = current[kWholeWords].load(std::memory_order_acquire);
    std::memcpy(bytes + kWholeWords * sizeof word, &word, kRestBytes);
  }
  // Relaxed: the acquires keep it after the words.
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
