#include "muster/worker/runtime/handoff/handoff_share.h"

#include <algorithm>
#include <limits>

namespace muster::worker {

std::uint64_t ShareOf(const HandoffTaker& own, absl::Span<const HandoffTaker> others) {
  std::uint64_t fewest = std::numeric_limits<std::uint64_t>::max();
  for (const HandoffTaker& other : others) {
    if (other.room() > 0) fewest = std::min(fewest, other.held);
  }
  // Also if nobody else can take any.
  if (fewest >= own.capacity) return own.room();
  const std::uint64_t most = fewest + std::max<std::uint64_t>(1, fewest / 8);
  return most > own.held ? std::min(own.room(), most - own.held) : 0;
}

std::uint64_t RoomLeft(absl::Span<const HandoffTaker> takers, std::uint64_t on_the_way) {
  std::uint64_t room = 0;
  for (const HandoffTaker& taker : takers) room += taker.room();
  return room > on_the_way ? room - on_the_way : 0;
}

void TakerPatience::RemoveTheSlow(const HandoffTaker& own, loop::TimePoint now,
                                  std::vector<HandoffTaker>* others) {
  std::erase_if(*others, [&](const HandoffTaker& other) {
    const auto distrusted = distrusted_until_.find(other.slot);
    if (distrusted != distrusted_until_.end()) {
      if (now < distrusted->second) return true;
      distrusted_until_.erase(distrusted);
    }
    // Only one that holds fewer has to take first.
    if (other.held >= own.held || other.room() == 0) {
      waits_.erase(other.slot);
      return false;
    }
    const auto [wait, is_new] = waits_.try_emplace(other.slot, Wait{other.adopted, now});
    if (is_new) return false;
    if (wait->second.adopted != other.adopted) {
      wait->second = Wait{other.adopted, now};
      return false;
    }
    if (now - wait->second.since < kPatience) return false;
    waits_.erase(wait);
    distrusted_until_[other.slot] = now + kDistrust;
    return true;
  });
}

void TakerPatience::Reset() { waits_.clear(); }

}  // namespace muster::worker
