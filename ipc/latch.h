#ifndef IPC_LATCH_H_
#define IPC_LATCH_H_

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>

#include "ipc/cache_line.h"
#include "ipc/owner_tag.h"

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
// `state` outlives it. One handle may be used by all threads of a process.
template <typename Value>
class Latch {
  static_assert(std::is_trivially_copyable_v<Value>, "copied word by word");
  static_assert(std::is_standard_layout_v<LatchState<Value>>);
  static_assert(std::is_trivially_destructible_v<LatchState<Value>>);
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

 public:
  explicit Latch(LatchState<Value>* state) : state_(state) {}

  // Of one writer at a time.
  void Write(const Value& value);

  // The latest value that was wholly written; repeats until it has one. Everything
  // before its Write happens before the return.
  Value Read() const;
  // The same in so many attempts at most, for a writer that is not trusted to pause.
  std::optional<Value> TryRead(int attempts) const;

  // How many values were written; 0: none yet.
  std::uint64_t version() const { return state_->version.load(std::memory_order_acquire); }

 private:
  using Words = std::array<std::uint64_t, LatchState<Value>::kWords>;

  bool ReadOnce(Words& words) const;
  static Value FromWords(const Words& words);

  LatchState<Value>* state_;
};

template <typename Value>
void Latch<Value>::Write(const Value& value) {
  Words words = {};
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
bool Latch<Value>::ReadOnce(Words& words) const {
  // Acquire: pairs with the release of the version in Write.
  const std::uint64_t version = state_->version.load(std::memory_order_acquire);
  const auto& current = version % 2 == 0 ? state_->even : state_->odd;
  for (std::size_t i = 0; i < words.size(); ++i) {
    // Acquire, each, in place of relaxed loads and a fence: the same instructions on
    // x86, and ThreadSanitizer understands it.
    words[i] = current[i].load(std::memory_order_acquire);
  }
  // Relaxed: the acquires keep it after the words.
  return state_->version.load(std::memory_order_relaxed) == version;
}

template <typename Value>
Value Latch<Value>::FromWords(const Words& words) {
  std::array<std::byte, sizeof(Value)> bytes;
  std::memcpy(bytes.data(), words.data(), sizeof(Value));
  return std::bit_cast<Value>(bytes);
}

template <typename Value>
Value Latch<Value>::Read() const {
  Words words;
  while (!ReadOnce(words)) SpinPause();
  return FromWords(words);
}

template <typename Value>
std::optional<Value> Latch<Value>::TryRead(int attempts) const {
  Words words;
  for (int i = 0; i < attempts; ++i) {
    if (ReadOnce(words)) return FromWords(words);
    SpinPause();
  }
  return std::nullopt;
}

}  // namespace muster::ipc

#endif  // IPC_LATCH_H_
