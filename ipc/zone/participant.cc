#include "muster/ipc/zone/participant.h"

#include <utility>

#include "muster/ipc/zone/zone_attachment.h"

namespace muster::ipc {

Participant::Participant(std::shared_ptr<ZoneAttachment> zone, OwnerTag tag)
    : zone_(std::move(zone)), tag_(tag) {}

void Participant::Leave() {
  if (const auto zone = std::exchange(zone_, nullptr)) zone->Leave(tag_);
}

}  // namespace muster::ipc
