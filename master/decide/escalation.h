#ifndef MUSTER_MASTER_DECIDE_ESCALATION_H_
#define MUSTER_MASTER_DECIDE_ESCALATION_H_

#include "muster/master/decide/clock.h"

namespace muster::master {

// The pauses of a fast stop, in which a worker is asked again and again: 50 ms, then twice as long
// each time. When the pause would be longer than a second, the worker is killed: after 1.55 s.
class Escalation {
 public:
  static constexpr Duration kFirst = std::chrono::milliseconds(50);
  static constexpr Duration kLongest = std::chrono::seconds(1);

  Escalation() = default;
  // One that goes on with this pause.
  explicit Escalation(Duration next) : next_(next) {}
  Duration next() const { return next_; }
  // The most that next() is.
  static constexpr Duration kLast = 64 * kFirst;

  // The pause before the next step. Zero: kill now; there is no further step.
  Duration Next() {
    const Duration delay = next_;
    next_ *= 2;
    return delay <= kLongest ? delay : Duration::zero();
  }

  friend bool operator==(const Escalation&, const Escalation&) = default;

 private:
  Duration next_ = kFirst;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_ESCALATION_H_
