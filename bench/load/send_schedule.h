#ifndef MUSTER_BENCH_LOAD_SEND_SCHEDULE_H_
#define MUSTER_BENCH_LOAD_SEND_SCHEDULE_H_

#include <chrono>
#include <cstdint>

namespace muster::bench {

// When the requests of an open loop are due, counted from its begin: one after the other at equal
// distances, whatever the server does meanwhile.
class SendSchedule {
 public:
  // Both are more than 0.
  SendSchedule(double per_second, std::chrono::nanoseconds duration);

  // The first is due at 0, and the last before the duration has passed. At least one.
  std::uint64_t count() const { return count_; }
  std::chrono::nanoseconds DueAt(std::uint64_t request) const;
  // Whether the request exists, and is due at this time.
  bool IsDue(std::uint64_t request, std::chrono::nanoseconds now) const {
    return request < count_ && DueAt(request) <= now;
  }

 private:
  double per_second_;
  std::uint64_t count_;
};

}  // namespace muster::bench

#endif  // MUSTER_BENCH_LOAD_SEND_SCHEDULE_H_
