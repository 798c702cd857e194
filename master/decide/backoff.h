#ifndef MUSTER_MASTER_DECIDE_BACKOFF_H_
#define MUSTER_MASTER_DECIDE_BACKOFF_H_

#include "muster/master/decide/clock.h"

namespace muster::master {

// How long to wait before a worker that ended is started again: 100 ms, then 1.5 times as long each
// time, up to 30 s.
class Backoff {
 public:
  static constexpr Duration kFirst = std::chrono::milliseconds(100);
  static constexpr Duration kLongest = std::chrono::seconds(30);
  // After an end that came this late, or later, the delays begin anew.
  static constexpr Duration kHealthy = std::chrono::minutes(1);

  // `lived`: how long it was in service before it ended; zero if it never was.
  Duration Next(Duration lived);

 private:
  Duration next_ = kFirst;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_BACKOFF_H_
