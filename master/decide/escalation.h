#ifndef MUSTER_MASTER_DECIDE_ESCALATION_H_
#define MUSTER_MASTER_DECIDE_ESCALATION_H_

#include "muster/master/decide/clock.h"

namespace muster::master {

// The insisting of a fast stop: ask, ask again after 50 ms and after twice as long each
// time, and once that would be more than a second, kill. 1.55 s in all.
class Escalation {
 public:
  static constexpr Duration kFirst = std::chrono::milliseconds(50);
  static constexpr Duration kLongest = std::chrono::seconds(1);

  // The time to wait after having asked; zero: kill instead, there is nothing after that.
  Duration Next() {
    const Duration delay = next_;
    next_ *= 2;
    return delay <= kLongest ? delay : Duration::zero();
  }

 private:
  Duration next_ = kFirst;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_ESCALATION_H_
