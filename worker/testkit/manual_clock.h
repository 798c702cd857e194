#ifndef MUSTER_WORKER_TESTKIT_MANUAL_CLOCK_H_
#define MUSTER_WORKER_TESTKIT_MANUAL_CLOCK_H_

#include <chrono>

#include "muster/ipc/base/check.h"
#include "muster/loop/clock.h"

namespace muster::worker::testkit {

// Time that passes when a test says so. It begins at the same moment in every test, which is not
// TimePoint(). Belongs to one thread.
class ManualClock {
 public:
  loop::TimePoint now() const { return now_; }
  // `by` and `time`: not into the past.
  void Advance(loop::Clock::duration by) { Set(now_ + by); }
  void Set(loop::TimePoint time) {
    MUSTER_CHECK(time >= now_, "time does not go back");
    now_ = time;
  }

 private:
  loop::TimePoint now_{std::chrono::hours(24)};
};

}  // namespace muster::worker::testkit

#endif  // MUSTER_WORKER_TESTKIT_MANUAL_CLOCK_H_
