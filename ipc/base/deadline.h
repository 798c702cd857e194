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

  friend Deadline Earlier(Deadline a, Deadline b) {
    return Deadline(std::min(a.nanoseconds_, b.nanoseconds_));
  }

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

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
