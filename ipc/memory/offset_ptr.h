#ifndef MUSTER_IPC_MEMORY_OFFSET_PTR_H_
#define MUSTER_IPC_MEMORY_OFFSET_PTR_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "absl/types/span.h"
#include "muster/ipc/base/check.h"

namespace muster::ipc {

// Replacements for pointers inside shared memory, which each process maps at another address. They
// store the distance in bytes from the beginning of the block. All zero bytes are null, since the
// beginning of a block belongs to its header. They own nothing and have no lock: publish one as
// you would publish a pointer (std::atomic<OffsetPtr<T>> is lock-free).
//
// A peer may write any value into them at any time. So Resolve reads each word once, and returns
// null unless the object is completely within the block and aligned. It cannot check that a T was
// constructed there.

// Refers to one object.
template <typename T>
class OffsetPtr {
 public:
  constexpr OffsetPtr() = default;
  constexpr explicit OffsetPtr(std::uint64_t offset_bytes) : offset_bytes_(offset_bytes) {}

  // `object` must be within `block`, but not at its beginning. Aborts otherwise.
  static OffsetPtr To(absl::Span<std::byte> block, const T* object);

  // The object, as this process maps it. Null: out of bounds, or not aligned.
  T* Resolve(absl::Span<std::byte> block) const;

  std::uint64_t offset_bytes() const { return __atomic_load_n(&offset_bytes_, __ATOMIC_RELAXED); }
  bool is_null() const { return offset_bytes() == 0; }

 private:
  std::uint64_t offset_bytes_ = 0;
};

// Refers to an array of `count` objects.
template <typename T>
class OffsetSpan {
 public:
  constexpr OffsetSpan() = default;
  constexpr OffsetSpan(std::uint64_t offset_bytes, std::uint64_t count)
      : offset_bytes_(offset_bytes), count_(count) {}

  static OffsetSpan To(absl::Span<std::byte> block, absl::Span<const T> objects);

  // Empty if any part of the array is out of bounds, or if it is not aligned.
  absl::Span<T> Resolve(absl::Span<std::byte> block) const;

 private:
  std::uint64_t offset_bytes_ = 0;
  std::uint64_t count_ = 0;
};

// The object, or the first of `count` objects, at `offset_bytes` in `block`; or null.
template <typename T>
T* ResolveOffset(absl::Span<std::byte> block, std::uint64_t offset_bytes, std::uint64_t count) {
  // A division, because a multiplication could overflow.
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
