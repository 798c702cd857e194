// Sweeps scenarios and prints a table of what was found. Exits with 1 if one of ours is not clean,
// with 2 if this machine cannot sweep.
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "ipc/testing/kill_sweep.h"
#include "ipc/testing/scenarios.h"
#include "ipc/testing/victim.h"

namespace muster::ipc::testing {
namespace {

void PrintHeading() {
  std::printf("| %-24s | %-46s | %11s | %5s | %5s | %6s |\n", "primitive", "who dies",
              "kill points", "hangs", "leaks", "faults");
  std::printf("|%s|%s|------------:|------:|------:|-------:|\n", std::string(26, '-').c_str(),
              std::string(48, '-').c_str());
}

void PrintRow(const Scenario& scenario, const Tally& tally) {
  std::printf("| %-24s | %-46s | %11ju | %5ju | %5ju | %6ju |\n", scenario.primitive.c_str(),
              scenario.role.c_str(), static_cast<std::uintmax_t>(tally.kill_points),
              static_cast<std::uintmax_t>(tally.hangs), static_cast<std::uintmax_t>(tally.leaks),
              static_cast<std::uintmax_t>(tally.faults));
  std::fflush(stdout);
}

// The names are literals of this tree and need no escapes.
void PrintJson(const Scenario& scenario, const Tally& tally, bool first) {
  std::printf(
      "%s\n  {\"primitive\": \"%s\", \"role\": \"%s\", \"peer\": %s, \"kill_points\": %ju, "
      "\"hangs\": %ju, \"leaks\": %ju, \"faults\": %ju}",
      first ? "[" : ",", scenario.primitive.c_str(), scenario.role.c_str(),
      scenario.peer ? "true" : "false", static_cast<std::uintmax_t>(tally.kill_points),
      static_cast<std::uintmax_t>(tally.hangs), static_cast<std::uintmax_t>(tally.leaks),
      static_cast<std::uintmax_t>(tally.faults));
  std::fflush(stdout);
}

int Run(int argc, char** argv) {
  CLI::App app("Kills a process before each instruction of each primitive, and looks who hangs.");
  bool json = false;
  std::string only;
  std::uint64_t points = 0;
  app.add_flag("--json", json, "print a list of objects");
  app.add_option("--only", only, "sweep only rows whose primitive or role contains this");
  app.add_option("--points", points, "at most so many kill points per victim (default: all)");
  CLI11_PARSE(app, argc, argv);

  if (const absl::Status status = CheckStepping(); !status.ok()) {
    std::fprintf(stderr, "sweep: %s\n", status.ToString().c_str());
    return 2;
  }
  bool ours_are_clean = true;
  bool first = true;
  if (!json) PrintHeading();
  for (const Scenario& scenario : AllScenarios()) {
    if ((scenario.primitive + ": " + scenario.role).find(only) == std::string::npos) continue;
    const auto begin = std::chrono::steady_clock::now();
    const Tally tally = Sweep(scenario, {.points_per_victim = points});
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    json ? PrintJson(scenario, tally, first) : PrintRow(scenario, tally);
    first = false;
    if (!tally.clean()) {
      ours_are_clean = ours_are_clean && scenario.peer;
      std::fprintf(stderr, "%s: %s, %.1f s: %s\n", scenario.primitive.c_str(),
                   scenario.role.c_str(), seconds, tally.first_problem.c_str());
    }
  }
  if (json) std::printf("\n]\n");
  return ours_are_clean ? 0 : 1;
}

}  // namespace
}  // namespace muster::ipc::testing

int main(int argc, char** argv) { return muster::ipc::testing::Run(argc, argv); }
