#include "muster/master/deployment/zone_state.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/participant_record.h"
#include "muster/master/keep/state_error.h"
#include "muster/proto/state/state_check.h"
#include "muster/worker/zone/slot_table.h"
#include "muster/worker/zone/zone_layout.h"

namespace muster::master {
namespace {

using ipc::ParticipantState;
using worker::SlotTable;
using worker::UserZone;

state::v1::ZoneSlotState StateOf(ParticipantState state) {
  switch (state) {
    case ParticipantState::kFree:
      return state::v1::FREE;
    case ParticipantState::kLive:
      return state::v1::LIVE;
    case ParticipantState::kDead:
      return state::v1::DEAD;
  }
  return state::v1::ZONE_SLOT_STATE_UNSPECIFIED;
}

absl::StatusOr<SlotTable::Line> LineOf(const state::v1::ZoneSlot& slot) {
  SlotTable::Line line;
  switch (slot.state()) {
    case state::v1::FREE:
      line.state = ParticipantState::kFree;
      break;
    case state::v1::LIVE:
      line.state = ParticipantState::kLive;
      break;
    case state::v1::DEAD:
      line.state = ParticipantState::kDead;
      break;
    default:
      return StateError("state", absl::StrCat(slot.state(), " is not one"));
  }
  if (slot.generation() > ipc::OwnerTag::kGenerationMask) {
    return StateError("generation", absl::StrCat(slot.generation(), " is more than ",
                                                 ipc::OwnerTag::kGenerationMask));
  }
  line.generation = slot.generation();
  return line;
}

bool IsOf(const worker::ZoneShape* shape, const state::v1::SharedZoneState& state) {
  return shape != nullptr && state.layout_version() == shape->layout.layout_version;
}

// The header in the memory says the same, as long as no worker has damaged it.
absl::Status CheckLayout(const state::v1::SharedZoneState& state) {
  const worker::ZoneShape* const shape =
      IsOf(worker::kZoneShapeBefore, state) ? worker::kZoneShapeBefore : &worker::kZoneShape;
  const ipc::SharedLayout& own = shape->layout;
  if (state.layout_version() != own.layout_version) {
    const bool has_before = worker::kZoneShapeBefore != nullptr;
    const std::uint32_t before = has_before ? worker::kZoneShapeBefore->layout.layout_version : 0;
    return StateError(
        "layout_version",
        absl::StrCat("the zone has version ", state.layout_version(), ", this program has version ",
                     own.layout_version, has_before ? absl::StrCat(" and ", before) : ""));
  }
  if (state.abi_hash() != own.abi_hash) {
    return StateError("abi_hash", absl::StrCat("the zone has 0x", absl::Hex(state.abi_hash()),
                                               ", this program has 0x", absl::Hex(own.abi_hash)));
  }
  return absl::OkStatus();
}

}  // namespace

state::v1::SharedZoneState SaveSharedZone(const worker::SharedZone& zone, DescriptorKeep& keep) {
  zone.Restore();
  state::v1::SharedZoneState state;
  state.set_fd(keep.Add(zone.fd()));
  state.set_layout_version(zone.layout().layout_version);
  state.set_abi_hash(zone.layout().abi_hash);
  state.set_instance_id(zone.instance_id());
  state.set_capacity(zone.capacity());
  for (const SlotTable::Line& line : zone.slot_table().lines()) {
    state::v1::ZoneSlot& slot = *state.add_slot();
    slot.set_state(StateOf(line.state));
    slot.set_generation(line.generation);
  }
  return state;
}

absl::StatusOr<worker::SharedZone> RestoreSharedZone(const state::v1::SharedZoneState& state,
                                                     DescriptorInheritance& descriptors) {
  MUSTER_RETURN_IF_ERROR(state::CheckKnown(state));
  MUSTER_RETURN_IF_ERROR(CheckLayout(state));
  std::vector<SlotTable::Line> lines;
  for (int i = 0; i < state.slot_size(); ++i) {
    const absl::StatusOr<SlotTable::Line> line = LineOf(state.slot(i));
    if (!line.ok()) return InStateField(absl::StrCat("slot[", i, "]"), line.status());
    lines.push_back(*line);
  }
  MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd fd, descriptors.Adopt(state.fd(), "fd"));
  absl::StatusOr<worker::SharedZone> zone =
      worker::SharedZone::TakeOver(std::move(fd), state.instance_id(), std::move(lines));
  if (!zone.ok()) return StateError("fd", zone.status().message());
  if (zone->layout().layout_version != state.layout_version()) {
    return StateError("layout_version", absl::StrCat(state.layout_version(), ", but the zone has ",
                                                     zone->layout().layout_version));
  }
  if (zone->capacity() != state.capacity()) {
    return StateError("capacity",
                      absl::StrCat(state.capacity(), ", but the zone has ", zone->capacity()));
  }
  return zone;
}

google::protobuf::RepeatedPtrField<state::v1::UserZone> SaveUserZones(
    const SharedTable<UserZone>& zones, DescriptorKeep& keep) {
  google::protobuf::RepeatedPtrField<state::v1::UserZone> states;
  for (const std::shared_ptr<const UserZone>& zone : zones.entries()) {
    zone->Restore();
    state::v1::UserZone& state = *states.Add();
    state.set_name(zone->name());
    state.set_size_bytes(zone->size_bytes());
    state.set_instance_id(zone->instance_id());
    state.set_memory_fd(keep.Add(zone->memory_fd()));
    state.set_bell_fd(keep.Add(zone->bell_fd()));
  }
  return states;
}

absl::StatusOr<SharedTable<UserZone>> RestoreUserZones(
    const google::protobuf::RepeatedPtrField<state::v1::UserZone>& states,
    DescriptorInheritance& descriptors) {
  std::vector<std::shared_ptr<const UserZone>> zones;
  for (int i = 0; i < states.size(); ++i) {
    const state::v1::UserZone& state = states[i];
    const std::string name = absl::StrCat("user_zone[", i, "]");
    absl::StatusOr<ipc::UniqueFd> memory = descriptors.Adopt(state.memory_fd(), "memory_fd");
    if (!memory.ok()) return InStateField(name, memory.status());
    absl::StatusOr<ipc::UniqueFd> bell = descriptors.Adopt(state.bell_fd(), "bell_fd");
    if (!bell.ok()) return InStateField(name, bell.status());
    absl::StatusOr<UserZone> zone =
        UserZone::TakeOver(state.name(), state.size_bytes(), state.instance_id(),
                           *std::move(memory), *std::move(bell));
    if (!zone.ok()) return StateError(name, zone.status().message());
    zones.push_back(std::make_shared<const UserZone>(*std::move(zone)));
  }
  return SharedTable<UserZone>(std::move(zones));
}

}  // namespace muster::master
