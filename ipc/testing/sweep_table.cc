#include "muster/ipc/testing/sweep_table.h"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "CLI/CLI.hpp"
#include "muster/ipc/testing/kill_sweep.h"
#include "muster/ipc/testing/victim.h"

namespace muster::ipc::testing {
namespace {

// Spread over the sections, unless everything is asked for: as many for each victim. Who asks the
// kernel whether an owner lives executes some ten thousand instructions more.
constexpr std::uint64_t kPointsOfOne = 1000;
constexpr std::uint64_t kPointsOfTwo = 25;
// Where nobody recovers a point takes up to a tenth of a second.
constexpr std::uint64_t kPointsOfOneWithoutParent = 600;
constexpr std::uint64_t kPointsOfTwoWithoutParent = 15;
constexpr std::uint64_t kPointsOfPeer = 150;

struct Row {
  const Scenario& scenario;
  const Tally& tally;
  double seconds;
};

void PrintHeading() {
  std::printf("| %-34s | %-46s | %11s | %5s | %5s | %6s | %6s |\n", "primitive", "who dies",
              "kill points", "hangs", "leaks", "faults", "swept");
  std::printf("|%s|%s|------------:|------:|------:|-------:|--------|\n",
              std::string(36, '-').c_str(), std::string(48, '-').c_str());
}

void PrintRow(const Row& row) {
  std::printf(
      "| %-34s | %-46s | %11ju | %5ju | %5ju | %6ju | %-6s |\n", row.scenario.primitive.c_str(),
      row.scenario.role.c_str(), static_cast<std::uintmax_t>(row.tally.kill_points),
      static_cast<std::uintmax_t>(row.tally.hangs), static_cast<std::uintmax_t>(row.tally.leaks),
      static_cast<std::uintmax_t>(row.tally.faults), row.tally.complete ? "all" : "sample");
}

bool Has(const Scenario& scenario, const std::string& text) {
  return (scenario.primitive + ": " + scenario.role).find(text) != std::string::npos;
}

// The names are literals of this tree and need no escapes.
void PrintJson(const Row& row, bool first) {
  std::printf(
      "%s\n  {\"primitive\": \"%s\", \"role\": \"%s\", \"peer\": %s, \"kill_points\": %ju, "
      "\"hangs\": %ju, \"leaks\": %ju, \"faults\": %ju, \"complete\": %s, \"seconds\": %.1f}",
      first ? "[" : ",", row.scenario.primitive.c_str(), row.scenario.role.c_str(),
      row.scenario.peer ? "true" : "false", static_cast<std::uintmax_t>(row.tally.kill_points),
      static_cast<std::uintmax_t>(row.tally.hangs), static_cast<std::uintmax_t>(row.tally.leaks),
      static_cast<std::uintmax_t>(row.tally.faults), row.tally.complete ? "true" : "false",
      row.seconds);
}

}  // namespace

int PrintSweepTable(const std::vector<Scenario>& scenarios, int argc, char** argv) {
  CLI::App app("Kills a process before each instruction of each primitive, and looks who hangs.");
  bool json = false;
  bool complete = false;
  std::string only;
  std::optional<std::uint64_t> points;
  app.add_flag("--json", json, "print a list of objects");
  const auto has_a_row = [&](const std::string& text) -> std::string {
    for (const Scenario& scenario : scenarios) {
      if (Has(scenario, text)) return "";
    }
    return "no row has \"" + text + "\" in its primitive or role";
  };
  app.add_option("--only", only, "sweep only rows whose primitive or role contains this")
      ->check(has_a_row);
  auto* few = app.add_option("--points", points, "at most so many kill points for each victim");
  app.add_flag("--complete", complete, "every point of every row: many hours")->excludes(few);
  CLI11_PARSE(app, argc, argv);
  const auto limit = [&](const Scenario& scenario) -> std::uint64_t {
    if (complete) return 0;
    if (points) return *points;
    if (scenario.peer) return kPointsOfPeer;
    if (scenario.is_recovered) return scenario.dimensions == 1 ? kPointsOfOne : kPointsOfTwo;
    return scenario.dimensions == 1 ? kPointsOfOneWithoutParent : kPointsOfTwoWithoutParent;
  };

  if (const absl::Status status = CheckStepping(); !status.ok()) {
    std::fprintf(stderr, "sweep: %s\n", status.ToString().c_str());
    return 2;
  }
  bool ours_are_clean = true;
  bool first = true;
  if (!json) PrintHeading();
  for (const Scenario& scenario : scenarios) {
    if (!Has(scenario, only)) continue;
    const auto begin = std::chrono::steady_clock::now();
    const Tally tally = Sweep(scenario, {.points_per_victim = limit(scenario)});
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    const Row row = {scenario, tally, time.count()};
    json ? PrintJson(row, first) : PrintRow(row);
    std::fflush(stdout);
    first = false;
    if (!tally.clean()) {
      ours_are_clean = ours_are_clean && scenario.peer;
      std::fprintf(stderr, "%s\n", tally.first_problem.c_str());
    }
  }
  if (json) std::printf("\n]\n");
  return ours_are_clean ? 0 : 1;
}

}  // namespace muster::ipc::testing
