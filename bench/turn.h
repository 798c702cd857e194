#ifndef MUSTER_BENCH_TURN_H_
#define MUSTER_BENCH_TURN_H_

#include <atomic>
#include <chrono>
#include <cstdint>

#include "muster/ipc/base/cache_line.h"

namespace muster::bench {

// What one process did in one round.
struct Lap {
  std::uint64_t operations = 0;  // within the time that counts
  std::int64_t nanoseconds = 0;  // that they took
  std::uint64_t total = 0;       // with those of the warm-up, for checks of payloads
};

// When a round is warm and when it ends, nanoseconds of CLOCK_MONOTONIC.
struct Window {
  std::int64_t begin;
  std::int64_t end;
};

inline std::int64_t NowNanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// What the processes of a round share. Zeroed before it.
struct alignas(ipc::kCacheLineBytes) RoundPage {
  static constexpr int kMaxProcesses = 2;

  std::atomic<int> arrived;
  std::atomic<std::int64_t> start;  // by the last who arrives; zero before
  struct alignas(ipc::kCacheLineBytes) Line {
    Lap lap;
  } lines[kMaxProcesses];
};

// One process's part in a round. Lives in that process.
class Turn {
 public:
  Turn(RoundPage* page, int role, int processes, std::chrono::nanoseconds warmup,
       std::chrono::nanoseconds duration)
      : page_(page), role_(role), processes_(processes), warmup_(warmup), duration_(duration) {}

  int role() const { return role_; }

  // Calls `operation` until the round is over. All processes begin together. The
  // clock is read once in `kBatch` calls.
  template <int kBatch, typename Operation>
  void Repeat(Operation operation) {
    const Window window = Meet();
    std::uint64_t warm = 0;
    std::int64_t begin = 0;
    do {
      for (int i = 0; i < kBatch; ++i) operation();
      warm += kBatch;
      begin = NowNanoseconds();
    } while (begin < window.begin);
    std::uint64_t count = 0;
    std::int64_t end = 0;
    do {
      for (int i = 0; i < kBatch; ++i) operation();
      count += kBatch;
      end = NowNanoseconds();
    } while (end < window.end);
    page_->lines[role_].lap = Lap{count, end - begin, warm + count};
  }

  // For the side that only answers: calls `answer` until it returns false.
  template <typename Answer>
  void Serve(Answer answer) {
    Meet();
    while (answer()) {
    }
  }

 private:
  Window Meet();

  RoundPage* page_;
  int role_;
  int processes_;
  std::chrono::nanoseconds warmup_;
  std::chrono::nanoseconds duration_;
};

}  // namespace muster::bench

#endif  // MUSTER_BENCH_TURN_H_
