#ifndef MUSTER_IPC_BASE_DEADLINE_H_
#define MUSTER_IPC_BASE_DEADLINE_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

#include "absl/time/time.h"

namespace muster::ipc {

// A point in time on CLOCK_MONOTONIC, or never. It is absolute, so a wait that was interrupted
// continues with the same deadline. A value type: copy it freely.
class Deadline {
 public:
  static constexpr Deadline Never() { return Deadline(kNever); }
  static Deadline At(std::chrono::steady_clock::time_point time) {
    return Deadline(
        std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
  }
  // `wait` from now. Infinite: never. Zero or negative: it has passed already.
  static Deadline After(absl::Duration wait) {
    const std::int64_t now = Now();
    const std::int64_t nanoseconds =
        std::max(absl::ToInt64Nanoseconds(wait), std::numeric_limits<std::int64_t>::min() / 2);
    return Deadline(nanoseconds < kNever - now ? now + nanoseconds : kNever);
  }
  // The same for a duration of the standard library, whatever its number and unit: rounded up to a
  // nanosecond. Longer than a century: never. Not a number: it has passed already.
  template <typename Rep, typename Period>
  static Deadline After(const std::chrono::duration<Rep, Period>& wait) {
    const long double nanoseconds = std::chrono::duration<long double, std::nano>(wait).count();
    if (!(nanoseconds > 0)) return Deadline(Now());
    if (nanoseconds > kCentury) return Never();
    const auto whole = static_cast<std::int64_t>(nanoseconds);
    return Deadline(Now() + whole + (static_cast<long double>(whole) < nanoseconds ? 1 : 0));
  }
  // When `time` comes on its clock, if that clock goes as ours does from now on: look at that clock
  // again afterwards. No time is too far away on either side.
  template <typename Clock, typename Duration>
  static Deadline Until(const std::chrono::time_point<Clock, Duration>& time) {
    using Exact = std::chrono::duration<long double, std::nano>;
    return After(Exact(time.time_since_epoch()) - Exact(Clock::now().time_since_epoch()));
  }

  bool is_never() const { return nanoseconds_ == kNever; }
  bool has_passed() const { return !is_never() && Now() >= nanoseconds_; }
  // The time until then, for poll(2): in milliseconds, rounded up. -1 for never, 0 if it has
  // passed.
  int poll_timeout() const {
    if (is_never()) return -1;
    const std::int64_t now = Now();
    if (nanoseconds_ <= now) return 0;
    const std::int64_t milliseconds = (nanoseconds_ - now - 1) / 1'000'000 + 1;
    return static_cast<int>(std::min<std::int64_t>(milliseconds, std::numeric_limits<int>::max()));
  }
  // On CLOCK_MONOTONIC; the largest int64 for never.
  std::int64_t nanoseconds() const { return nanoseconds_; }
  // For the standard library's waits. Never: the last time of the clock.
  std::chrono::steady_clock::time_point time() const {
    return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(nanoseconds_));
  }

  friend Deadline Earlier(Deadline a, Deadline b) {
    return Deadline(std::min(a.nanoseconds_, b.nanoseconds_));
  }

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  static constexpr long double kCentury = 100.0L * 365 * 86'400 * 1'000'000'000;

  explicit constexpr Deadline(std::int64_t nanoseconds) : nanoseconds_(nanoseconds) {}
  // libstdc++'s steady_clock is CLOCK_MONOTONIC.
  static std::int64_t Now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }

  std::int64_t nanoseconds_;
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_BASE_DEADLINE_H_
