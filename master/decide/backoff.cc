#include "muster/master/decide/backoff.h"

#include <algorithm>

namespace muster::master {

Duration Backoff::Next(bool has_served, const RestartTerms& terms) {
  if (has_served && at_once_ < terms.burst) {
    ++at_once_;
    return Duration::zero();
  }
  // Terms may change from one pause to the next.
  const Duration delay = std::clamp(next_, terms.floor, terms.ceiling);
  next_ = std::min(terms.ceiling, delay + delay / 2);
  return delay;
}

}  // namespace muster::master
