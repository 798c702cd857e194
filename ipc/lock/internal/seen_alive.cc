#include "muster/ipc/lock/internal/seen_alive.h"

#include <array>
#include <atomic>
#include <ctime>

#include "absl/hash/hash.h"

namespace muster::ipc::internal {
namespace {

// A place: 63..24 of which participant, 23..0 when, in milliseconds, which come round in 4.6 hours.
constexpr std::uint64_t kTimeMask = (std::uint64_t{1} << 24) - 1;
constinit std::array<std::atomic<std::uint64_t>, 1024> places{};

std::uint64_t Milliseconds() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

std::uint64_t KeyOf(const void* line, std::uint32_t identity) {
  return absl::HashOf(line, identity);
}

std::atomic<std::uint64_t>& PlaceOf(std::uint64_t key) {
  // By bits that are compared, too: which does no harm.
  return places[key >> 54];
}

}  // namespace

bool WasSeenAlive(const void* line, std::uint32_t identity, absl::Duration age) {
  const std::uint64_t key = KeyOf(line, identity);
  // Relaxed: it says nothing about other memory.
  const std::uint64_t noted = PlaceOf(key).load(std::memory_order_relaxed);
  if ((noted ^ key) & ~kTimeMask) return false;
  const std::uint64_t since = (Milliseconds() - noted) & kTimeMask;
  return since < static_cast<std::uint64_t>(absl::ToInt64Milliseconds(age));
}

void NoteSeenAlive(const void* line, std::uint32_t identity) {
  const std::uint64_t key = KeyOf(line, identity);
  PlaceOf(key).store((key & ~kTimeMask) | (Milliseconds() & kTimeMask), std::memory_order_relaxed);
}

}  // namespace muster::ipc::internal
