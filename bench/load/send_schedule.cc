#include "muster/bench/load/send_schedule.h"

#include <algorithm>
#include <cmath>

namespace muster::bench {

SendSchedule::SendSchedule(double per_second, std::chrono::nanoseconds duration)
    : per_second_(per_second),
      count_(std::max<std::uint64_t>(
          1, static_cast<std::uint64_t>(
                 std::ceil(per_second * std::chrono::duration<double>(duration).count())))) {}

// Of its number, not of the one before: so no error adds up.
std::chrono::nanoseconds SendSchedule::DueAt(std::uint64_t request) const {
  return std::chrono::nanoseconds(std::llround(1e9 * static_cast<double>(request) / per_second_));
}

}  // namespace muster::bench
