#include "muster/ipc/lock/internal/identity.h"

#include <optional>

namespace muster::ipc::internal {
namespace {

bool IsShownAsLive(const Registry& registry, OwnerTag tag) {
  const std::optional<ParticipantRecord> record = registry.Read(tag.slot());
  return record.has_value() && record->state == ParticipantState::kLive && record->tag == tag;
}

}  // namespace

Identity::Identity(const Registry& registry, OwnerTag tag)
    : tag_(tag),
      guard_(IsShownAsLive(registry, tag) ? ForkGuard::OfThisProcess() : ForkGuard()),
      process_(ForkGuard::OfThisProcess()) {}

bool Identity::Confirm(const Registry& registry) const {
  return guard_.HoldsStill() || (process_.HoldsStill() && IsShownAsLive(registry, tag_));
}

}  // namespace muster::ipc::internal
