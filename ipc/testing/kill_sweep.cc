#include "muster/ipc/testing/kill_sweep.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "muster/ipc/testing/watchdog.h"

namespace muster::ipc::testing {
namespace {

// Of five seconds each. A trial takes milliseconds, the longest rehearsal less than a second.
constexpr int kMostTicks = 24;

bool IsClean(const Finding& finding) {
  return finding.hangs.empty() && finding.leaks.empty() && finding.faults.empty();
}

std::string FirstProblem(const Finding& finding) {
  for (const auto* problems : {&finding.hangs, &finding.leaks, &finding.faults}) {
    if (!problems->empty()) return problems->front();
  }
  return "";
}

// The trials of one scenario, and what they found.
class Row {
 public:
  explicit Row(const Scenario& scenario) : scenario_(scenario), watchdog_(kMostTicks) {}

  Tally& tally() { return tally_; }
  void BeginPhase(const std::string& phase) {
    phase_ = absl::StrCat(scenario_.primitive, ": ", scenario_.role, ": ", phase);
    watchdog_.Begin(phase_);
  }

  // Plays early recovery and, if that shows nothing, late. Returns the first, for its dimensions.
  Finding TryPoint(KillPoint kill_point, const Trace* traces) {
    Finding early = Play(kill_point, traces);
    kill_point.late_recovery = true;
    const bool is_late_too = scenario_.is_recovered && IsClean(early);
    const Finding late = is_late_too ? Play(kill_point, traces) : Finding();
    ++tally_.kill_points;
    tally_.hangs += !early.hangs.empty() || !late.hangs.empty();
    tally_.leaks += !early.leaks.empty() || !late.leaks.empty();
    tally_.faults += !early.faults.empty() || !late.faults.empty();
    return early;
  }

 private:
  Finding Play(const KillPoint& kill_point, const Trace* traces) {
    const Trace kStepAll[KillPoint::kDimensions];
    BeginPhase(kill_point.ToString());
    Finding finding = PlayOnce(kill_point, traces);
    if (finding.strayed && IsClean(finding)) finding = PlayOnce(kill_point, kStepAll);
    if (tally_.first_problem.empty() && !IsClean(finding)) {
      tally_.first_problem = absl::StrCat(phase_, ": ", FirstProblem(finding));
    }
    return finding;
  }
  Finding PlayOnce(const KillPoint& kill_point, const Trace* traces) {
    Trial trial(&stage_, kill_point, traces, scenario_.spins, scenario_.is_recovered);
    scenario_.play(trial);
    Finding finding = trial.TakeFinding();
    if (scenario_.sleeps && kill_point.is_rehearsal() && finding.sleeps[0] == 0) {
      finding.faults.emplace_back("the victim was never asleep in a system call");
    }
    return finding;
  }

  const Scenario& scenario_;
  Stage stage_;
  Watchdog watchdog_;
  std::string phase_;
  Tally tally_;
};

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
  Row row(scenario);
  Tally& tally = row.tally();
  const auto is_over = [&] {
    if (limits.stop_at_problem && !tally.clean()) return true;
    return tally.kill_points >= limits.least_points && Clock::now() >= end;
  };
  const auto choose = [&](const Trace& trace) {
    row.BeginPhase("the choice of the points");
    std::vector<std::uint64_t> points = ChoosePoints(trace.steps.size(), limits.points_per_victim);
    tally.complete = tally.complete && points.size() == trace.steps.size();
    return points;
  };
  Trace traces[KillPoint::kDimensions];
  // What instructions the sections have, and that nothing goes wrong by itself.
  traces[0] = std::move(row.TryPoint(KillPoint{}, traces).traces[0]);
  if (!tally.clean()) {
    tally.complete = false;
    return tally;
  }
  for (const std::uint64_t first : choose(traces[0])) {
    if (is_over()) {
      tally.complete = false;
      break;
    }
    KillPoint kill_point;
    kill_point.steps[0] = first;
    if (scenario.dimensions == 1) {
      row.TryPoint(kill_point, traces);
      continue;
    }
    // What the second one does depends on where the first one died.
    traces[1] = Trace();
    traces[1] = row.TryPoint(kill_point, traces).traces[1];
    for (const std::uint64_t second : choose(traces[1])) {
      if (is_over()) {
        tally.complete = false;
        break;
      }
      kill_point.steps[1] = second;
      row.TryPoint(kill_point, traces);
    }
  }
  return tally;
}

}  // namespace muster::ipc::testing
