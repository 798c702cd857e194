#ifndef MUSTER_MASTER_DECIDE_BACKOFF_H_
#define MUSTER_MASTER_DECIDE_BACKOFF_H_

#include <cstdint>

#include "muster/master/decide/clock.h"
#include "muster/master/decide/restart_terms.h"

namespace muster::master {

// How long to wait before a worker that ended is started again. Those that served are started at
// once, `burst` times. Other pauses are the floor, then 1.5 times as long each time, up to the
// ceiling.
class Backoff {
 public:
  // No pause is longer, whatever the terms say.
  static constexpr Duration kLongest = std::chrono::hours(1);

  Backoff() = default;
  // One that goes on after so many starts at once, with this pause; zero: with the floor.
  Backoff(std::uint32_t at_once, Duration next) : at_once_(at_once), next_(next) {}
  std::uint32_t at_once() const { return at_once_; }
  Duration next() const { return next_; }

  Duration Next(bool has_served, const RestartTerms& terms);

  friend bool operator==(const Backoff&, const Backoff&) = default;

 private:
  std::uint32_t at_once_ = 0;
  Duration next_{};
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_BACKOFF_H_
