#include "muster/bench/duel.h"

#include <algorithm>
#include <cstddef>

#include "muster/ipc/base/status.h"

namespace muster::bench {
namespace {

Cost CostOf(const std::vector<double>& values) {
  return Cost{Median(values), *std::min_element(values.begin(), values.end())};
}

}  // namespace

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  if (values.size() % 2 == 1) return values[middle];
  return (values[middle - 1] + values[middle]) / 2;
}

absl::StatusOr<DuelResult> RunDuel(const Duel& duel, int rounds,
                                   std::chrono::nanoseconds duration) {
  std::vector<double> ours;
  std::vector<double> peer;
  std::vector<double> ratios;
  for (int round = 0; round < rounds; ++round) {
    const bool ours_first = round % 2 == 0;
    for (const bool is_ours : {ours_first, !ours_first}) {
      MUSTER_ASSIGN_OR_RETURN(const double cost,
                              RunRound(is_ours ? duel.ours : duel.peer, duel.processes, duration));
      (is_ours ? ours : peer).push_back(cost);
    }
    ratios.push_back(ours.back() / peer.back());
  }
  return DuelResult{.what = duel.what,
                    .ours_name = duel.ours.name,
                    .peer_name = duel.peer.name,
                    .ours = CostOf(ours),
                    .peer = CostOf(peer),
                    .ratio = Median(ratios),
                    .target = duel.target};
}

}  // namespace muster::bench
