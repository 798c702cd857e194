#include "muster/worker/zone/slot_table.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"

namespace muster::worker {

using ipc::OwnerTag;
using ipc::ParticipantState;

SlotTable::SlotTable(const ipc::Registry& registry)
    : registry_(registry), lines_(registry.capacity()) {}

SlotTable::SlotTable(const ipc::Registry& registry, std::vector<Line> lines)
    : registry_(registry),
      lines_(std::move(lines)),
      used_(static_cast<std::uint32_t>(lines_.size())) {
  MUSTER_CHECK(used_ <= registry.capacity(), "a record has no more slots than the registry");
  lines_.resize(registry.capacity());
}

absl::StatusOr<OwnerTag> SlotTable::Reserve(std::uint32_t slot) {
  if (slot >= lines_.size()) {
    return absl::OutOfRangeError(
        absl::StrCat("reserve slot ", slot, ": the zone has ", lines_.size()));
  }
  Line& line = lines_[slot];
  if (line.state != ParticipantState::kFree) {
    return absl::FailedPreconditionError(absl::StrCat("reserve slot ", slot, ": it is not free"));
  }
  line.state = ParticipantState::kLive;
  line.generation = (line.generation + 1) & OwnerTag::kGenerationMask;
  used_ = std::max(used_, slot + 1);
  const OwnerTag tag(slot, line.generation);
  // Before the slot is anybody's: a reader of the new generation must not see the old one's.
  registry_.PublishHeartbeat(tag, {});
  registry_.Store(tag, line.state);
  // Of the new generation now: a worker of an earlier version stores its number only.
  registry_.SetProcess(tag, 0);
  return tag;
}

absl::StatusOr<OwnerTag> SlotTable::ReserveLowest() {
  for (std::uint32_t slot = 0; slot < lines_.size(); ++slot) {
    if (lines_[slot].state == ParticipantState::kFree) return Reserve(slot);
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("reserve a slot of the shared zone: all ", lines_.size(), " are taken"));
}

SlotTable::Line* SlotTable::LineOf(OwnerTag tag) {
  if (tag.slot() >= lines_.size()) return nullptr;
  Line& line = lines_[tag.slot()];
  return tag == OwnerTag(tag.slot(), line.generation) ? &line : nullptr;
}

bool SlotTable::MarkDead(OwnerTag tag) {
  Line* const line = LineOf(tag);
  if (line == nullptr || line->state == ParticipantState::kFree) return false;
  line->state = ParticipantState::kDead;
  registry_.Store(tag, line->state);
  return true;
}

void SlotTable::Free(OwnerTag tag) {
  Line* const line = LineOf(tag);
  if (line == nullptr || line->state != ParticipantState::kDead) return;
  line->state = ParticipantState::kFree;
  registry_.Store(tag, line->state);
}

bool SlotTable::IsLive(OwnerTag tag) const {
  const Line* const line = const_cast<SlotTable*>(this)->LineOf(tag);
  return line != nullptr && line->state == ParticipantState::kLive;
}

void SlotTable::Restore() const {
  for (std::uint32_t slot = 0; slot < used_; ++slot) {
    registry_.Store(OwnerTag(slot, lines_[slot].generation), lines_[slot].state);
  }
}

}  // namespace muster::worker
