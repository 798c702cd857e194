#ifndef MUSTER_IPC_LOCK_INTERNAL_REGISTRY_HEADER_H_
#define MUSTER_IPC_LOCK_INTERNAL_REGISTRY_HEADER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/lock/owner_tag.h"

namespace muster::ipc::internal {

// What a registry is like, from its creation on. A plain value.
struct RegistryShape {
  std::uint32_t capacity = 0;
  int generation_bits = OwnerTag::kGenerationBits;
  // Of the segment's file, if its participants hold locks in a Liveness.
  std::optional<std::uint64_t> inode = std::nullopt;

  // InvalidArgument: what is out of range, or does not fit `bytes`.
  absl::Status Check(std::size_t bytes) const;
};

// What stands in front of a registry's lines, in shared memory.
struct alignas(kCacheLineBytes) RegistryHeader {
  std::atomic<std::uint64_t> magic;  // stored last by Create; nobody writes after that
  std::atomic<std::uint32_t> version;
  std::atomic<std::uint32_t> capacity;
  std::atomic<std::uint32_t> mode;             // whether participants hold locks in a Liveness
  std::atomic<std::uint32_t> generation_bits;  // 0: as many as a tag has
  std::atomic<std::uint64_t> inode;            // of the segment's file, if they do
  std::atomic<std::uint32_t> next_slot;        // by who claims; any value will do

  void Store(const RegistryShape& shape);
  // Each field is read once. DataLoss, FailedPrecondition, InvalidArgument: there is no registry of
  // this layout that fits `bytes`.
  absl::StatusOr<RegistryShape> Read(std::size_t bytes) const;
};
static_assert(sizeof(RegistryHeader) == 128 && std::is_standard_layout_v<RegistryHeader>);
static_assert(offsetof(RegistryHeader, version) == 8 && offsetof(RegistryHeader, capacity) == 12);
static_assert(offsetof(RegistryHeader, mode) == 16 && offsetof(RegistryHeader, next_slot) == 32);

// Header and lines.
std::size_t RegistryBytes(std::uint32_t capacity);

// InvalidArgument: not aligned, or too small for the header.
absl::Status CheckRegistryMemory(const void* memory, std::size_t bytes);

}  // namespace muster::ipc::internal

#endif  // MUSTER_IPC_LOCK_INTERNAL_REGISTRY_HEADER_H_
