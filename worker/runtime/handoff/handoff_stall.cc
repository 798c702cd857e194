#include "muster/worker/runtime/handoff/handoff_stall.h"

#include <algorithm>

namespace muster::worker {

bool HandoffStall::Note(const Look& look) {
  const bool is_taken = look.taken != last_.taken;
  if (is_taken || !last_.is_on_the_way || !look.is_on_the_way) {
    Begin(look);
    return is_taken;
  }
  lasts_ += std::min<loop::Clock::duration>(look.at - last_.at, kMostOfALook);
  last_ = look;
  return false;
}

void HandoffStall::Begin(const Look& look) {
  last_ = look;
  lasts_ = {};
}

}  // namespace muster::worker
