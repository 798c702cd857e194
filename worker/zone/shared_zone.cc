#include "muster/worker/zone/shared_zone.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/memory/shared_header.h"
#include "muster/worker/zone/zone_layout.h"

namespace muster::worker {
namespace {

ZoneFront* FrontOf(const ipc::SharedMemory& memory) {
  return std::launder(reinterpret_cast<ZoneFront*>(memory.data()));
}

absl::Status CheckCapacity(std::uint32_t capacity) {
  if (capacity >= 1 && capacity <= ipc::OwnerTag::kMaxSlots) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("shared zone: a capacity of ", capacity,
                                                 " is not within 1..", ipc::OwnerTag::kMaxSlots));
}

struct Attached {
  ipc::SharedMemory memory;
  const ZoneShape* shape;
};

absl::StatusOr<Attached> AttachMemory(ipc::UniqueFd fd) {
  ipc::SharedMemoryOptions options;
  options.size_bytes = ZoneBytes(1);
  if (kZoneShapeBefore != nullptr) {
    options.size_bytes = std::min(options.size_bytes, ZoneBytes(*kZoneShapeBefore, 1));
  }
  MUSTER_ASSIGN_OR_RETURN(ipc::SharedMemory memory,
                          ipc::SharedMemory::AttachMemfd(std::move(fd), options));
  if (kZoneShapeBefore != nullptr && ipc::CheckHeader(memory, kZoneShapeBefore->layout).ok()) {
    return Attached{std::move(memory), kZoneShapeBefore};
  }
  MUSTER_RETURN_IF_ERROR(ipc::CheckHeader(memory, kZoneShape.layout).status());
  return Attached{std::move(memory), &kZoneShape};
}

}  // namespace

SharedZone::SharedZone(ipc::SharedMemory memory, const ZoneShape& shape, ipc::Registry registry,
                       std::uint64_t instance_id)
    : memory_(std::move(memory)), shape_(&shape), registry_(registry), instance_id_(instance_id) {
  const auto offsets = ZoneOffsets(shape, registry_.capacity());
  for (const ZoneShape::Part& part : shape.parts) {
    const auto index = static_cast<std::size_t>(part.array);
    places_[index] = {offsets[index], part.stride};
  }
}

absl::StatusOr<SharedZone> SharedZone::Create(std::uint32_t capacity, const ZoneShape& shape) {
  MUSTER_RETURN_IF_ERROR(CheckCapacity(capacity));
  ipc::SharedMemoryOptions options;
  options.size_bytes = ZoneBytes(shape, capacity);
  MUSTER_ASSIGN_OR_RETURN(ipc::SharedMemory memory,
                          ipc::SharedMemory::CreateMemfd("muster-zone", options));
  MUSTER_ASSIGN_OR_RETURN(ipc::SharedHeader* const header, ipc::CreateHeader(memory, shape.layout));
  // Fresh memory is zero, which all that follows takes for a valid start.
  FrontOf(memory)->capacity = capacity;
  MUSTER_ASSIGN_OR_RETURN(const ipc::Registry registry,
                          ipc::Registry::Create(memory.data() + kRegistryOffset,
                                                ipc::Registry::BytesFor(capacity), capacity));
  ipc::PublishHeader(header);
  SharedZone zone(std::move(memory), shape, registry, header->instance_id);
  zone.slot_table_ = std::make_unique<SlotTable>(registry);
  return zone;
}

absl::StatusOr<SharedZone> SharedZone::Attach(ipc::UniqueFd fd) {
  auto attached = AttachMemory(std::move(fd));
  if (!attached.ok()) return ipc::Annotate(attached.status(), "attach shared zone");
  ipc::SharedMemory* const memory = &attached->memory;
  const ZoneShape& shape = *attached->shape;
  // Read once: a peer may write to it meanwhile.
  const volatile std::uint32_t& shared_capacity = FrontOf(*memory)->capacity;
  const std::uint32_t capacity = shared_capacity;
  MUSTER_RETURN_IF_ERROR(ipc::Annotate(CheckCapacity(capacity), "attach"));
  if (memory->size_bytes() != ZoneBytes(shape, capacity)) {
    return absl::InvalidArgumentError(absl::StrCat("attach shared zone: a capacity of ", capacity,
                                                   " needs ", ZoneBytes(shape, capacity),
                                                   " bytes, there are ", memory->size_bytes()));
  }
  const auto registry =
      ipc::Registry::Attach(memory->data() + kRegistryOffset, ipc::Registry::BytesFor(capacity));
  if (!registry.ok()) return ipc::Annotate(registry.status(), "attach shared zone");
  if (registry->capacity() != capacity) {
    return absl::InvalidArgumentError(absl::StrCat("attach shared zone: its registry has ",
                                                   registry->capacity(), " slots, the zone ",
                                                   capacity));
  }
  const volatile std::uint64_t& shared_instance_id = FrontOf(*memory)->header.instance_id;
  const std::uint64_t instance_id = shared_instance_id;
  return SharedZone(std::move(*memory), shape, *registry, instance_id);
}

absl::StatusOr<SharedZone> SharedZone::TakeOver(ipc::UniqueFd fd, std::uint64_t instance_id,
                                                std::vector<SlotTable::Line> slots) {
  MUSTER_ASSIGN_OR_RETURN(SharedZone zone, Attach(std::move(fd)));
  if (zone.instance_id() != instance_id) {
    return absl::InvalidArgumentError(absl::StrCat("attach shared zone: its instance is ",
                                                   absl::Hex(zone.instance_id()), ", expected ",
                                                   absl::Hex(instance_id)));
  }
  if (slots.size() > zone.capacity()) {
    return absl::InvalidArgumentError(absl::StrCat("attach shared zone: it has ", zone.capacity(),
                                                   " slots, expected at least ", slots.size()));
  }
  zone.slot_table_ = std::make_unique<SlotTable>(zone.registry_, std::move(slots));
  return zone;
}

absl::StatusOr<ipc::OwnerTag> SharedZone::Reserve() const {
  MUSTER_ASSIGN_OR_RETURN(const ipc::OwnerTag tag, slot_table().ReserveLowest());
  Restore();
  return tag;
}

absl::StatusOr<ipc::OwnerTag> SharedZone::Reserve(std::uint32_t slot) const {
  MUSTER_ASSIGN_OR_RETURN(const ipc::OwnerTag tag, slot_table().Reserve(slot));
  Restore();
  return tag;
}

SlotTable& SharedZone::slot_table() const {
  MUSTER_CHECK(slot_table_ != nullptr, "only the master has a record of the slots");
  return *slot_table_;
}

void SharedZone::Restore() const {
  ipc::RestoreHeader(memory_, shape_->layout, instance_id_);
  registry_.StoreHeader();
  slot_table().Restore();
  ZoneFront& front = *FrontOf(memory_);
  volatile std::uint32_t& shared_capacity = front.capacity;
  if (shared_capacity != capacity()) shared_capacity = capacity();
  // Relaxed: it says nothing about other memory.
  front.slots_used.store(slot_table().used(), std::memory_order_relaxed);
}

ipc::MutexState* SharedZone::accept_mutex_state() const { return &FrontOf(memory_)->accept_mutex; }

template <typename Element>
Element& SharedZone::Of(std::uint32_t slot, ZoneArray array) const {
  MUSTER_CHECK(slot < capacity(), "a slot is below the zone's capacity");
  const Place& place = places_[static_cast<std::size_t>(array)];
  return *std::launder(
      reinterpret_cast<Element*>(memory_.data() + place.offset + slot * place.stride));
}

SlotStats& SharedZone::stats(std::uint32_t slot) const {
  return Of<SlotStats>(slot, ZoneArray::kStats);
}

WorkerStatus& SharedZone::worker_status(std::uint32_t slot) const {
  return Of<WorkerStatus>(slot, ZoneArray::kWorkerStatus);
}

LatencyHistogram& SharedZone::latency(std::uint32_t slot) const {
  return Of<LatencyHistogram>(slot, ZoneArray::kLatency);
}

RequestAtHand& SharedZone::request(std::uint32_t slot) const {
  return Of<RequestAtHand>(slot, ZoneArray::kRequests);
}

LastWords& SharedZone::last_words(std::uint32_t slot) const {
  return Of<LastWords>(slot, ZoneArray::kLastWords);
}

EventBoard& SharedZone::events() const { return Of<EventBoard>(0, ZoneArray::kEvents); }

MasterStatus& SharedZone::master_status() const { return FrontOf(memory_)->master; }

std::uint32_t SharedZone::slots_used() const {
  if (slot_table_ != nullptr) return slot_table_->used();
  return std::min(FrontOf(memory_)->slots_used.load(std::memory_order_relaxed), capacity());
}

StatsValues SharedZone::Sum() const {
  const std::uint32_t used = slots_used();
  StatsValues sum;
  for (std::uint32_t slot = 0; slot < used; ++slot) sum += ReadStats(stats(slot));
  return sum;
}

}  // namespace muster::worker
