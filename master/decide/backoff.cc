#include "muster/master/decide/backoff.h"

#include <algorithm>

namespace muster::master {

Duration Backoff::Next(Duration lived) {
  if (lived >= kHealthy) next_ = kFirst;
  const Duration delay = next_;
  next_ = std::min(kLongest, next_ + next_ / 2);
  return delay;
}

}  // namespace muster::master
