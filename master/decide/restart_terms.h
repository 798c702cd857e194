#ifndef MUSTER_MASTER_DECIDE_RESTART_TERMS_H_
#define MUSTER_MASTER_DECIDE_RESTART_TERMS_H_

#include <cstdint>

#include "muster/master/decide/clock.h"

namespace muster::master {

// When a worker that ended is started again.
struct RestartTerms {
  // The first pause, and the longest one of the last worker that served. Above zero.
  Duration floor = std::chrono::milliseconds(100);
  Duration ceiling = std::chrono::seconds(30);  // the longest pause; at least the floor
  // A worker that served so long is as one that never ended.
  Duration reset = std::chrono::minutes(1);
  // How many times a worker that served is started again at once, until there are pauses.
  std::uint32_t burst = 5;
  // How many times in a row a worker may end without having served, until it is given up.
  std::uint32_t crash_loop_limit = 10;

  friend bool operator==(const RestartTerms&, const RestartTerms&) = default;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_RESTART_TERMS_H_
