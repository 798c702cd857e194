// tools/chaos: random actions on a master that runs, and what must hold after each. Exit code 1: a
// check failed.

#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "muster/tests/chaos/run.h"

namespace {

std::atomic<bool> is_interrupted{false};

// A second signal ends the run at once.
void EndAfterStep() {
  struct sigaction action = {};
  action.sa_handler = [](int) { is_interrupted = true; };
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t seed = 1;
  int seconds = 0;
  int steps = 0;
  std::string output = "text";
  CLI::App app(
      "Does random things to a running master and its workers while clients are connected: reloads "
      "good "
      "and bad,\nkills, stops, full logs, low limits, more and fewer workers, pauses. After each "
      "step it "
      "checks that\nthe master tells the truth, that each closed connection is accounted for, and "
      "that "
      "nothing leaks.\nThe same seed repeats the actions.");
  app.name("tools/chaos");
  app.add_option("--seconds", seconds, "for so long (60 if there is no --steps either)")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--steps", steps, "so many actions")->check(CLI::Range(1, 1'000'000));
  app.add_option("--seed", seed, "which actions")->capture_default_str();
  app.add_option("-o", output, "text, or json: the result for programs, on standard output")
      ->check(CLI::IsMember({"text", "json"}));
  app.footer("Example: tools/chaos --seconds 60 --seed 7");
  CLI11_PARSE(app, argc, argv);

  EndAfterStep();
  muster::tests::chaos::RunOptions options = {.seed = seed, .is_interrupted = &is_interrupted};
  if (steps > 0) options.steps = steps;
  if (seconds > 0 || steps == 0) options.time = std::chrono::seconds(seconds > 0 ? seconds : 60);
  options.command =
      absl::StrCat("tools/chaos --seed ", seed, steps > 0 ? " --steps " : " --seconds ",
                   steps > 0 ? steps : options.time.count());
  const muster::tests::chaos::RunResult result = muster::tests::chaos::Execute(options);
  std::fputs(result.failure.c_str(), stderr);
  if (output == "json") {
    std::printf("%s\n", muster::tests::chaos::ToJson(result).c_str());
  } else {
    std::printf("seed %ju: %d steps in %.0f s, %ju requests answered", seed, result.steps,
                result.seconds, result.requests);
    for (const auto& [reason, count] : result.closed) {
      std::printf(", %ju closed (%s)", count, reason.c_str());
    }
    std::printf("\n%s\n", result.failure.empty() ? "1 passed, 0 failed" : "0 passed, 1 failed");
  }
  return result.failure.empty() ? 0 : 1;
}
