#include "muster/worker/zone/zone_layout.h"

namespace muster::worker {
namespace {

std::size_t BytesOf(const ZoneShape::Part& part, std::uint32_t capacity) {
  return part.array == ZoneArray::kEvents ? part.stride : std::size_t{capacity} * part.stride;
}

}  // namespace

[[gnu::weak]] extern const ZoneShape kZoneShape;
const ZoneShape kZoneShape = kThirdZoneShape;
[[gnu::weak]] extern const ZoneShape* const kZoneShapeBefore;
const ZoneShape* const kZoneShapeBefore = nullptr;

std::array<std::size_t, kZoneArrays> ZoneOffsets(const ZoneShape& shape, std::uint32_t capacity) {
  std::array<std::size_t, kZoneArrays> offsets = {};
  std::size_t next = kRegistryOffset + ipc::Registry::BytesFor(capacity);
  for (const ZoneShape::Part& part : shape.parts) {
    offsets[static_cast<std::size_t>(part.array)] = next;
    next += BytesOf(part, capacity);
  }
  return offsets;
}

std::size_t ZoneBytes(const ZoneShape& shape, std::uint32_t capacity) {
  std::size_t bytes = kRegistryOffset + ipc::Registry::BytesFor(capacity);
  for (const ZoneShape::Part& part : shape.parts) bytes += BytesOf(part, capacity);
  return bytes;
}

}  // namespace muster::worker
