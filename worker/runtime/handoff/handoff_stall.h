#ifndef MUSTER_WORKER_RUNTIME_HANDOFF_HANDOFF_STALL_H_
#define MUSTER_WORKER_RUNTIME_HANDOFF_HANDOFF_STALL_H_

#include <chrono>
#include <cstdint>

#include "muster/loop/clock.h"

namespace muster::worker {

// For how long connections have been on their way while nobody took one, as a giver sees it that
// looks again and again. Time in which nothing was on its way does not count. Of the time between
// two looks at most kMostOfALook counts: a giver that did not run cannot know what takers did, and
// takers that were stopped with it have not had this time.
class HandoffStall {
 public:
  static constexpr std::chrono::milliseconds kMostOfALook{50};

  struct Look {
    loop::TimePoint at;
    std::uint64_t taken = 0;  // what takers have taken ever
    bool is_on_the_way = false;
  };
  // Whether somebody has taken something since the look before, or the first one.
  bool Note(const Look& look);
  // Measures anew from here.
  void Begin(const Look& look);

  loop::Clock::duration lasts() const { return lasts_; }

 private:
  Look last_;
  loop::Clock::duration lasts_{};
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_HANDOFF_HANDOFF_STALL_H_
