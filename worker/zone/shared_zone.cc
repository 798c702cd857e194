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

absl::StatusOr<ipc::SharedMemory> AttachMemory(ipc::UniqueFd fd) {
  ipc::SharedMemoryOptions options;
  options.size_bytes = ZoneBytes(1);
  MUSTER_ASSIGN_OR_RETURN(ipc::SharedMemory memory,
                          ipc::SharedMemory::AttachMemfd(std::move(fd), options));
  MUSTER_RETURN_IF_ERROR(ipc::CheckHeader(memory, kZoneLayout).status());
  return memory;
}

}  // namespace

absl::StatusOr<SharedZone> SharedZone::Create(std::uint32_t capacity) {
  MUSTER_RETURN_IF_ERROR(CheckCapacity(capacity));
  ipc::SharedMemoryOptions options;
  options.size_bytes = ZoneBytes(capacity);
  MUSTER_ASSIGN_OR_RETURN(ipc::SharedMemory memory,
                          ipc::SharedMemory::CreateMemfd("muster-zone", options));
  MUSTER_ASSIGN_OR_RETURN(ipc::SharedHeader* const header, ipc::CreateHeader(memory, kZoneLayout));
  // Fresh memory is zero, which all that follows takes for a valid start.
  FrontOf(memory)->capacity = capacity;
  MUSTER_ASSIGN_OR_RETURN(const ipc::Registry registry,
                          ipc::Registry::Create(memory.data() + kRegistryOffset,
                                                ipc::Registry::BytesFor(capacity), capacity));
  ipc::PublishHeader(header);
  SharedZone zone(std::move(memory), registry, header->instance_id);
  zone.slot_table_ = std::make_unique<SlotTable>(registry);
  return zone;
}

absl::StatusOr<SharedZone> SharedZone::Attach(ipc::UniqueFd fd) {
  auto memory = AttachMemory(std::move(fd));
  if (!memory.ok()) return ipc::Annotate(memory.status(), "attach shared zone");
  // Read once: a peer may write to it meanwhile.
  const volatile std::uint32_t& shared_capacity = FrontOf(*memory)->capacity;
  const std::uint32_t capacity = shared_capacity;
  MUSTER_RETURN_IF_ERROR(ipc::Annotate(CheckCapacity(capacity), "attach"));
  if (memory->size_bytes() != ZoneBytes(capacity)) {
    return absl::InvalidArgumentError(absl::StrCat("attach shared zone: a capacity of ", capacity,
                                                   " needs ", ZoneBytes(capacity),
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
  return SharedZone(*std::move(memory), *registry, instance_id);
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
  ipc::RestoreHeader(memory_, kZoneLayout, instance_id_);
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
Element& SharedZone::Of(std::uint32_t slot, std::size_t offset) const {
  MUSTER_CHECK(slot < capacity(), "a slot is below the zone's capacity");
  return std::launder(reinterpret_cast<Element*>(memory_.data() + offset))[slot];
}

SlotStats& SharedZone::stats(std::uint32_t slot) const {
  return Of<SlotStats>(slot, StatsOffset(capacity()));
}

WorkerStatus& SharedZone::worker_status(std::uint32_t slot) const {
  return Of<WorkerStatus>(slot, WorkerStatusOffset(capacity()));
}

LatencyHistogram& SharedZone::latency(std::uint32_t slot) const {
  return Of<LatencyHistogram>(slot, LatencyOffset(capacity()));
}

RequestAtHand& SharedZone::request(std::uint32_t slot) const {
  return Of<RequestAtHand>(slot, RequestsOffset(capacity()));
}

LastWords& SharedZone::last_words(std::uint32_t slot) const {
  return Of<LastWords>(slot, LastWordsOffset(capacity()));
}

EventBoard& SharedZone::events() const { return Of<EventBoard>(0, EventsOffset(capacity())); }

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
