#include "ipc/testing/kill_sweep.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace muster::ipc::testing {
namespace {

Finding Play(const Scenario& scenario, Stage* stage, const KillPoint& kill_point,
             const Trace* traces) {
  Trial trial(stage, kill_point, traces);
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
Finding TryPoint(const Scenario& scenario, Stage* stage, KillPoint kill_point, const Trace* traces,
                 Tally* tally) {
  const auto play = [&](bool late_recovery) {
    const Trace kStepAll[KillPoint::kDimensions];
    kill_point.late_recovery = late_recovery;
    Finding finding = Play(scenario, stage, kill_point, traces);
    if (finding.strayed && IsClean(finding)) {
      finding = Play(scenario, stage, kill_point, kStepAll);
    }
    Note(finding, kill_point, &tally->first_problem);
    return finding;
  };
  Finding early = play(/*late_recovery=*/false);
  const Finding late = IsClean(early) ? play(/*late_recovery=*/true) : Finding();
  ++tally->kill_points;
  tally->hangs += !early.hangs.empty() || !late.hangs.empty();
  tally->leaks += !early.leaks.empty() || !late.leaks.empty();
  tally->faults += !early.faults.empty() || !late.faults.empty();
  return early;
}

std::uint64_t Stride(const Trace& trace, std::uint64_t max_points) {
  if (max_points == 0) return 1;
  return std::max<std::uint64_t>(1, (trace.steps.size() + max_points - 1) / max_points);
}

}  // namespace

Tally Sweep(const Scenario& scenario, std::uint64_t max_points_per_dimension) {
  Stage stage;
  Tally tally;
  Trace traces[KillPoint::kDimensions];
  // A rehearsal: what instructions the sections have, and that nothing goes wrong by itself.
  Finding rehearsal = TryPoint(scenario, &stage, KillPoint{}, traces, &tally);
  traces[0] = std::move(rehearsal.traces[0]);
  const std::uint64_t stride = Stride(traces[0], max_points_per_dimension);
  for (std::uint64_t first = 0; first < traces[0].steps.size(); first += stride) {
    KillPoint kill_point;
    kill_point.steps[0] = first;
    if (scenario.dimensions == 1) {
      TryPoint(scenario, &stage, kill_point, traces, &tally);
      continue;
    }
    // What the second one does depends on where the first one died.
    traces[1] = Trace();
    traces[1] = TryPoint(scenario, &stage, kill_point, traces, &tally).traces[1];
    const std::uint64_t second_stride = Stride(traces[1], max_points_per_dimension);
    for (std::uint64_t second = 0; second < traces[1].steps.size(); second += second_stride) {
      kill_point.steps[1] = second;
      TryPoint(scenario, &stage, kill_point, traces, &tally);
    }
  }
  return tally;
}

}  // namespace muster::ipc::testing
