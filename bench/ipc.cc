// tools/bench ipc: prints what the primitives of //ipc cost beside their peers. Exit
// code 1: a payload was wrong. A target that is missed is only said.

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "muster/bench/duel.h"
#include "muster/bench/ipc_duels.h"
#include "muster/bench/report.h"

int main(int argc, char** argv) {
  int rounds = 41;
  int round_ms = 20;
  bool json = false;
  std::string only;
  CLI::App app("What the primitives of //ipc cost beside their peers, measured in turns.");
  app.add_option("--rounds", rounds, "of each side of each row")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  app.add_option("--round-ms", round_ms, "milliseconds that a round lasts")
      ->check(CLI::Range(1, 60000))
      ->capture_default_str();
  app.add_option("--only", only, "rows whose name has this in it");
  app.add_flag("--json", json, "a JSON array in place of the table");
  CLI11_PARSE(app, argc, argv);

  if (!json) std::fputs(muster::bench::DescribeMachine().c_str(), stdout);
  std::vector<muster::bench::DuelResult> results;
  for (const muster::bench::Duel& duel : muster::bench::IpcDuels()) {
    if (duel.what.find(only) == std::string::npos) continue;
    const auto result = muster::bench::RunDuel(duel, rounds, std::chrono::milliseconds(round_ms));
    if (!result.ok()) {
      std::fprintf(stderr, "%s: %s\n", duel.what.c_str(),
                   std::string(result.status().message()).c_str());
      return 1;
    }
    results.push_back(*result);
  }
  if (json) {
    std::fputs(muster::bench::FormatJson(results).c_str(), stdout);
    return 0;
  }
  std::printf("%d rounds of %d ms for each side, in turns\n\n", rounds, round_ms);
  std::fputs(muster::bench::FormatTable(results).c_str(), stdout);
  return 0;
}
