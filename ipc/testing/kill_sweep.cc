#include "ipc/testing/kill_sweep.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <utility>
#include <vector>

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

// Which of `count` steps to die before: `most` of them if that is not 0, spread evenly. In such an
// order that each beginning of the list is spread evenly too.
std::vector<std::uint64_t> ChoosePoints(std::uint64_t count, std::uint64_t most) {
  const std::uint64_t chosen = most == 0 ? count : std::min(count, most);
  std::vector<std::uint64_t> points;
  points.reserve(chosen);
  std::uint64_t step = std::bit_ceil(std::max<std::uint64_t>(chosen, 1));
  if (chosen != 0) points.push_back(0);
  for (; step > 1; step /= 2) {
    for (std::uint64_t i = step / 2; i < chosen; i += step) points.push_back(i * count / chosen);
  }
  return points;
}

}  // namespace

Tally Sweep(const Scenario& scenario, const SweepLimits& limits) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end = Clock::now() + limits.time;
  Stage stage;
  Tally tally;
  const auto is_over = [&] {
    return tally.kill_points >= limits.least_points && Clock::now() >= end;
  };
  const auto choose = [&](const Trace& trace) {
    std::vector<std::uint64_t> points = ChoosePoints(trace.steps.size(), limits.points_per_victim);
    tally.complete = tally.complete && points.size() == trace.steps.size();
    return points;
  };
  Trace traces[KillPoint::kDimensions];
  // A rehearsal: what instructions the sections have, and that nothing goes wrong by itself.
  Finding rehearsal = TryPoint(scenario, &stage, KillPoint{}, traces, &tally);
  traces[0] = std::move(rehearsal.traces[0]);
  for (const std::uint64_t first : choose(traces[0])) {
    if (is_over()) {
      tally.complete = false;
      break;
    }
    KillPoint kill_point;
    kill_point.steps[0] = first;
    if (scenario.dimensions == 1) {
      TryPoint(scenario, &stage, kill_point, traces, &tally);
      continue;
    }
    // What the second one does depends on where the first one died.
    traces[1] = Trace();
    traces[1] = TryPoint(scenario, &stage, kill_point, traces, &tally).traces[1];
    for (const std::uint64_t second : choose(traces[1])) {
      if (is_over()) {
        tally.complete = false;
        break;
      }
      kill_point.steps[1] = second;
      TryPoint(scenario, &stage, kill_point, traces, &tally);
    }
  }
  return tally;
}

}  // namespace muster::ipc::testing
