#include "ipc/testing/kill_sweep.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace muster::ipc::testing {
namespace {

Finding Play(const Scenario& scenario, Stage* stage, const KillPoint& kill_point) {
  Trial trial(stage, kill_point);
  scenario.play(trial);
  return trial.TakeFinding();
}

bool IsClean(const Finding& finding) {
  return finding.hangs.empty() && finding.leaks.empty() && finding.faults.empty();
}

void Note(const Finding& finding, const KillPoint& kill_point, std::string* first_problem) {
  if (!first_problem->empty()) return;
  for (const auto* problems : {&finding.hangs, &finding.leaks, &finding.faults}) {
    if (problems->empty()) continue;
    *first_problem = absl::StrCat("at ", kill_point.ToString(), ": ", problems->front());
    return;
  }
}

// Plays early recovery and, if that shows nothing, late. Returns the first, for its dimensions.
Finding TryPoint(const Scenario& scenario, Stage* stage, KillPoint kill_point, Tally* tally) {
  kill_point.late_recovery = false;
  const Finding early = Play(scenario, stage, kill_point);
  Note(early, kill_point, &tally->first_problem);
  Finding late;
  if (IsClean(early)) {
    kill_point.late_recovery = true;
    late = Play(scenario, stage, kill_point);
    Note(late, kill_point, &tally->first_problem);
  }
  ++tally->kill_points;
  tally->hangs += !early.hangs.empty() || !late.hangs.empty();
  tally->leaks += !early.leaks.empty() || !late.leaks.empty();
  tally->faults += !early.faults.empty() || !late.faults.empty();
  return early;
}

std::uint64_t Stride(std::uint64_t length, std::uint64_t max_points) {
  if (max_points == 0) return 1;
  return std::max<std::uint64_t>(1, (length + max_points - 1) / max_points);
}

}  // namespace

Tally Sweep(const Scenario& scenario, std::uint64_t max_points_per_dimension) {
  Stage stage;
  Tally tally;
  // A rehearsal: the sections' lengths, and that nothing goes wrong by itself.
  const Finding rehearsal = TryPoint(scenario, &stage, KillPoint{}, &tally);
  const std::uint64_t stride = Stride(rehearsal.executed[0], max_points_per_dimension);
  for (std::uint64_t first = 0;; first += stride) {
    KillPoint kill_point;
    kill_point.steps[0] = first;
    if (scenario.dimensions == 1) {
      if (TryPoint(scenario, &stage, kill_point, &tally).exhausted[0]) break;
      continue;
    }
    // How far the second one gets depends on where the first one died.
    kill_point.steps[1] = KillPoint::kNever;
    const Finding whole = TryPoint(scenario, &stage, kill_point, &tally);
    const std::uint64_t second_stride = Stride(whole.executed[1], max_points_per_dimension);
    for (kill_point.steps[1] = 0;; kill_point.steps[1] += second_stride) {
      if (TryPoint(scenario, &stage, kill_point, &tally).exhausted[1]) break;
    }
    if (whole.exhausted[0]) break;
  }
  return tally;
}

}  // namespace muster::ipc::testing
