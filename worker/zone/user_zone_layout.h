#ifndef MUSTER_WORKER_ZONE_USER_ZONE_LAYOUT_H_
#define MUSTER_WORKER_ZONE_USER_ZONE_LAYOUT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/memory/shared_header.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::worker {

// The bytes of a user zone before the service's own part. docs/MEMORY_LAYOUT.md has them as a
// table.
struct UserZoneFront {
  ipc::SharedHeader header;

  // The layout of the service's part (UserZone::As): its version in the upper 32 bits, its size in
  // bytes in the lower 32. Zero: not fixed yet. Written once, by the first worker that asks.
  alignas(ipc::kCacheLineBytes) std::atomic<std::uint64_t> layout;

  // The locks in the service's part (UserZone::NoteLock): the offset from its first byte in the
  // upper 56 bits, the kind in the lower 8. Workers fill it from the front and write each word
  // once. The master checks every word.
  alignas(ipc::kCacheLineBytes) std::atomic<std::uint64_t> locks[UserZone::kMostLocks];
};

static_assert(std::is_standard_layout_v<UserZoneFront>);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(offsetof(UserZoneFront, layout) == 128);
static_assert(offsetof(UserZoneFront, locks) == 256);
// So that the service's part begins on a page.
static_assert(sizeof(UserZoneFront) == 4096);

// Raise the version with each change of the above.
inline constexpr ipc::SharedLayout kUserZoneLayout = {
    .magic = 0x72657355'7274734d,  // "MstrUser" in memory
    .layout_version = 1,
    .abi_hash =
        ipc::AbiHash({sizeof(void*), sizeof(ipc::SharedHeader), sizeof(UserZoneFront),
                      sizeof(ipc::MutexState), sizeof(ipc::SpinlockState), sizeof(ipc::OnceState),
                      sizeof(ipc::EventState), offsetof(UserZoneFront, locks)}),
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_ZONE_USER_ZONE_LAYOUT_H_
