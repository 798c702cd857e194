#include "muster/ipc/base/naps.h"

#include <algorithm>
#include <ctime>

namespace muster::ipc {

void Naps::Take(Deadline deadline) {
  constexpr absl::Duration kLongest = absl::Milliseconds(5);
  const Deadline end = Earlier(deadline, Deadline::After(next_));
  next_ = std::min(2 * next_, kLongest);
  const timespec time = {end.nanoseconds() / 1'000'000'000, end.nanoseconds() % 1'000'000'000};
  ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr);
}

}  // namespace muster::ipc
