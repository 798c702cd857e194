#ifndef MUSTER_BENCH_DUEL_H_
#define MUSTER_BENCH_DUEL_H_

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "muster/bench/round.h"

namespace muster::bench {

// Ours beside a peer or a floor that does equal work.
struct Duel {
  std::string what;
  Processes processes = Processes::kOne;
  Contestant ours;
  Contestant peer;
  // The most that ours may cost, as a part of the peer's cost. None: only to be known.
  std::optional<double> target = std::nullopt;
};

// Nanoseconds per operation over all rounds.
struct Cost {
  double median = 0;
  double minimum = 0;
};

struct DuelResult {
  std::string what;
  std::string ours_name;
  std::string peer_name;
  Cost ours;
  Cost peer;
  // The median over the rounds of ours / peer. Both sides of a round run within
  // milliseconds, so that what else the machine does hits both.
  double ratio = 0;
  std::optional<double> target = std::nullopt;

  bool met() const { return !target.has_value() || ratio <= *target; }
};

// Zero for none.
double Median(std::vector<double> values);

// Runs ours and the peer in turns, `rounds` each of `duration`; who goes first alternates.
absl::StatusOr<DuelResult> RunDuel(const Duel& duel, int rounds, std::chrono::nanoseconds duration);

}  // namespace muster::bench

#endif  // MUSTER_BENCH_DUEL_H_
