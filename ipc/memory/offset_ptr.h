#ifndef MUSTER_IPC_MEMORY_OFFSET_PTR_H_
#define MUSTER_IPC_MEMORY_OFFSET_PTR_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "absl/types/span.h"
#include "muster/ipc/base/check.h"

namespace muster::ipc {

// What stands for pointers inside shared memory, which each process maps elsewhere: a
// distance from the beginning of its block. All zero bytes are null, as the
// beginning belongs to the block's header. Plain words without locks: publish them as
// you would a pointer (std::atomic<OffsetPtr<T>> is lock-free).
//
// A peer may have written anything there, at any time. So Resolve reads the words once, and
// gives null for all that does not lie whole and aligned within the block. It
// cannot tell whether a T lives there.

template <typename T>
class OffsetPtr {
 public:
  constexpr OffsetPtr() = default;
  constexpr explicit OffsetPtr(std::uint64_t offset_bytes) : offset_bytes_(offset_bytes) {}

  // To an object within `block`, but not at its beginning; anything else is a bug and aborts.
  static OffsetPtr To(absl::Span<std::byte> block, const T* object);

  T* Resolve(absl::Span<std::byte> block) const;

  std::uint64_t offset_bytes() const { return __atomic_load_n(&offset_bytes_, __ATOMIC_RELAXED); }
  bool is_null() const { return offset_bytes() == 0; }

 private:
  std::uint64_t offset_bytes_ = 0;
};

// An array of `count` objects.
template <typename T>
class OffsetSpan {
 public:
  constexpr OffsetSpan() = default;
  constexpr OffsetSpan(std::uint64_t offset_bytes, std::uint64_t count)
      : offset_bytes_(offset_bytes), count_(count) {}

  static OffsetSpan To(absl::Span<std::byte> block, absl::Span<const T> objects);

  // Empty if any of it is out of bounds.
  absl::Span<T> Resolve(absl::Span<std::byte> block) const;

 private:
  std::uint64_t offset_bytes_ = 0;
  std::uint64_t count_ = 0;
};

// The object or array of `count` at `offset_bytes` of `block`, or null.
template <typename T>
T* ResolveOffset(absl::Span<std::byte> block, std::uint64_t offset_bytes, std::uint64_t count) {
  // Divided rather than multiplied, so that nothing overflows.
  if (offset_bytes == 0 || offset_bytes > block.size()) return nullptr;
  if (count > (block.size() - offset_bytes) / sizeof(T)) return nullptr;
  std::byte* const place = block.data() + offset_bytes;
  if (reinterpret_cast<std::uintptr_t>(place) % alignof(T) != 0) return nullptr;
  return reinterpret_cast<T*>(place);
}

template <typename T>
OffsetPtr<T> OffsetPtr<T>::To(absl::Span<std::byte> block, const T* object) {
  static_assert(std::is_trivially_copyable_v<OffsetPtr> && std::is_standard_layout_v<OffsetPtr>);
  const OffsetPtr pointer(
      static_cast<std::uint64_t>(reinterpret_cast<const std::byte*>(object) - block.data()));
  MUSTER_CHECK(pointer.Resolve(block) == object, "the object lies within the block");
  return pointer;
}

template <typename T>
T* OffsetPtr<T>::Resolve(absl::Span<std::byte> block) const {
  return ResolveOffset<T>(block, offset_bytes(), 1);
}

template <typename T>
OffsetSpan<T> OffsetSpan<T>::To(absl::Span<std::byte> block, absl::Span<const T> objects) {
  static_assert(std::is_trivially_copyable_v<OffsetSpan> && std::is_standard_layout_v<OffsetSpan>);
  if (objects.empty()) return OffsetSpan();
  const OffsetSpan span(
      static_cast<std::uint64_t>(reinterpret_cast<const std::byte*>(objects.data()) - block.data()),
      objects.size());
  MUSTER_CHECK(span.Resolve(block).data() == objects.data(), "the objects lie within the block");
  return span;
}

template <typename T>
absl::Span<T> OffsetSpan<T>::Resolve(absl::Span<std::byte> block) const {
  const std::uint64_t count = __atomic_load_n(&count_, __ATOMIC_RELAXED);
  T* const first =
      ResolveOffset<T>(block, __atomic_load_n(&offset_bytes_, __ATOMIC_RELAXED), count);
  return first == nullptr ? absl::Span<T>() : absl::Span<T>(first, count);
}

}  // namespace muster::ipc

#endif  // MUSTER_IPC_MEMORY_OFFSET_PTR_H_
