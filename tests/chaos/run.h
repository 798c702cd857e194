#ifndef MUSTER_TESTS_CHAOS_RUN_H_
#define MUSTER_TESTS_CHAOS_RUN_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace muster::tests::chaos {

// What a run does, and for how long: until it has made so many steps, or has lasted so long,
// whichever is first.
struct RunOptions {
  std::uint64_t seed = 1;
  int steps = 1'000'000'000;
  std::chrono::seconds time{1'000'000'000};
  // Ends it after the step that is under way, as if its time was over. May be null.
  const std::atomic<bool>* is_interrupted = nullptr;
  // How to repeat it; it is told when a check fails.
  std::string command{};
  // A line for each step on standard error.
  bool tells_steps = true;
};

struct RunResult {
  std::uint64_t seed = 0;
  int steps = 0;
  double seconds = 0;
  std::uint64_t requests = 0;
  std::map<std::string, std::uint64_t> closed{};  // connections by the reason of their end
  // Empty: all is well. Otherwise what was wrong, and all that is known of it.
  std::string failure{};
};

// Starts a master, performs the actions of the seed's plan, and checks after each step that
// - what ctl tells is what the kernel tells, and what the actions lead to
// - each connection that was closed is accounted for
// - no request is answered by a configuration that was refused, or by an old one
// - at each rest, all clients are answered and nothing has leaked.
// The first check that fails ends it, and the folder of the run is kept.
RunResult Execute(const RunOptions& options);

// A JSON object.
std::string ToJson(const RunResult& result);

}  // namespace muster::tests::chaos

#endif  // MUSTER_TESTS_CHAOS_RUN_H_
