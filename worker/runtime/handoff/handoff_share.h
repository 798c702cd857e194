#ifndef MUSTER_WORKER_RUNTIME_HANDOFF_HANDOFF_SHARE_H_
#define MUSTER_WORKER_RUNTIME_HANDOFF_HANDOFF_SHARE_H_

#include <cstdint>
#include <map>
#include <vector>

#include "absl/types/span.h"
#include "muster/loop/clock.h"

namespace muster::worker {

// A worker that may take connections from the handoff queue, as its words in the shared zone
// describe it. The words are another process's: every value is possible.
struct HandoffTaker {
  std::uint32_t slot = 0;
  std::uint64_t held = 0;      // connections that it holds
  std::uint64_t capacity = 0;  // connections that it can hold
  std::uint64_t adopted = 0;   // connections that it has taken so far

  std::uint64_t room() const { return capacity > held ? capacity - held : 0; }
};

// How many connections `own` may take now, so that it holds at most an eighth (and at least one)
// more than the worker that holds the fewest and has room. Zero: another one is to take them, or
// `own` has no room. With this rule the busiest of them holds at most 1.25 times the average,
// rounded up.
std::uint64_t ShareOf(const HandoffTaker& own, absl::Span<const HandoffTaker> others);

// How many more connections may be given away: the room of all takers, without the connections that
// are on their way to them.
std::uint64_t RoomLeft(absl::Span<const HandoffTaker> takers, std::uint64_t on_the_way);

// Which takers the others need not wait for: those that have taken nothing for kPatience while they
// were waited for. They are stopped, or hang, or their words are wrong.
class TakerPatience {
 public:
  static constexpr std::chrono::milliseconds kPatience{50};
  // For so long a taker is not waited for again.
  static constexpr std::chrono::seconds kDistrust{1};

  // Removes them from `others`. To be called again and again while connections wait that `own` may
  // not take because of `others`.
  void RemoveTheSlow(const HandoffTaker& own, loop::TimePoint now,
                     std::vector<HandoffTaker>* others);
  // Nobody is waited for any more.
  void Reset();

 private:
  struct Wait {
    std::uint64_t adopted = 0;
    loop::TimePoint since;
  };
  std::map<std::uint32_t, Wait> waits_;                        // by slot
  std::map<std::uint32_t, loop::TimePoint> distrusted_until_;  // by slot
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_HANDOFF_HANDOFF_SHARE_H_
