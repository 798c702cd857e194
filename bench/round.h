#ifndef MUSTER_BENCH_ROUND_H_
#define MUSTER_BENCH_ROUND_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/bench/turn.h"

namespace muster::bench {

enum class Processes {
  kOne,
  kTwo,          // each on a CPU of its own
  kTwoOnOneCpu,  // both on the same
  kTwoThreads,   // of one process, each on a CPU of its own
};

// Somebody's way to do a thing, as one round runs it.
struct Contestant {
  std::string name;
  // In the parent before each round: fresh state. May be empty.
  std::function<void()> reset = nullptr;
  // In each of the round's processes, which share what was mapped shared, or in each of its
  // threads.
  std::function<void(Turn&)> play;
  // In the parent after each round: whether every payload arrived. `total` is what
  // all processes did, with the warm-up.
  std::function<absl::Status(std::uint64_t total)> check;
};

// Runs one round in forked processes that are pinned to their CPUs, and returns
// nanoseconds per operation: for two processes that compete, of the pair's joint
// output. A contestant that crashes, or hangs (ten seconds too long), or fails its check, is an
// error that names it. Forks: the caller has one thread.
absl::StatusOr<double> RunRound(const Contestant& contestant, Processes processes,
                                std::chrono::nanoseconds duration);

// Where rounds run, as "CPUs 0 and 1".
std::string DescribePlacement();

}  // namespace muster::bench

#endif  // MUSTER_BENCH_ROUND_H_
