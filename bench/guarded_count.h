#ifndef MUSTER_BENCH_GUARDED_COUNT_H_
#define MUSTER_BENCH_GUARDED_COUNT_H_

#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/bench/round.h"
#include "muster/bench/shared.h"
#include "muster/ipc/base/cache_line.h"

namespace muster::bench {

// The payload of a lock: not atomic, so that two owners at once lose counts.
struct alignas(ipc::kCacheLineBytes) Count {
  std::uint64_t value = 0;
};

inline absl::Status CheckCount(std::uint64_t counted, std::uint64_t total) {
  if (counted == total) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("counted ", counted, " of ", total));
}

// Adds one to a count under a lock, again and again. `State` has a Count `count` and
// makes for each role what has lock() and unlock(): Lock LockFor(int role).
template <typename State>
Contestant CountUnder(std::string name) {
  const auto state = MakeShared<State>();
  return Contestant{
      .name = std::move(name),
      .reset = [state] { new (state.get()) State(); },
      .play =
          [state](Turn& turn) {
            auto&& lock = state->LockFor(turn.role());
            std::uint64_t& count = state->count.value;
            turn.Repeat<512>([&] {
              lock.lock();
              ++count;
              lock.unlock();
            });
          },
      .check = [state](std::uint64_t total) { return CheckCount(state->count.value, total); }};
}

// For locks that are whole in shared memory.
template <typename Lock>
struct LockedCount {
  alignas(ipc::kCacheLineBytes) Lock lock;
  Count count;

  Lock& LockFor(int) { return lock; }
};

}  // namespace muster::bench

#endif  // MUSTER_BENCH_GUARDED_COUNT_H_
