#include "muster/ipc/lock/internal/spin_budget.h"

#include <unistd.h>

#include <chrono>
#include <limits>

namespace muster::ipc::internal {
namespace {

// Picoseconds, since a pause may be shorter than a nanosecond (aarch64).
std::int64_t MeasurePause() {
  using Clock = std::chrono::steady_clock;
  constexpr int kBatches = 5;
  constexpr int kPauses = 128;
  auto shortest = Clock::duration::max();
  for (int batch = 0; batch < kBatches; ++batch) {
    const auto start = Clock::now();
    for (int i = 0; i < kPauses; ++i) SpinPause();
    // The minimum: every disturbance makes a batch longer.
    shortest = std::min(shortest, Clock::now() - start);
  }
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(shortest).count();
  return std::max<std::int64_t>(nanoseconds * 1000 / kPauses, 1);
}

}  // namespace

std::uint32_t PausesIn(absl::Duration duration) {
  // Online, not this process's affinity: the owner of a lock may be pinned elsewhere.
  static const bool alone = ::sysconf(_SC_NPROCESSORS_ONLN) == 1;
  static const std::int64_t picoseconds = MeasurePause();
  if (alone || duration <= absl::ZeroDuration()) return 0;
  const std::int64_t pauses =
      absl::ToInt64Nanoseconds(std::min(duration, absl::Minutes(1))) * 1000 / picoseconds;
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(pauses, 1, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace muster::ipc::internal
