#include "muster/ipc/testing/scenarios.h"

#include <cctype>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "muster/ipc/testing/kill_sweep.h"
#include "muster/ipc/testing/victim.h"

namespace muster::ipc::testing {

void PrintTo(const Scenario& scenario, std::ostream* out) {
  *out << scenario.primitive << ": " << scenario.role;
}

namespace {

// A sample here, all of it in tools/sweep. The times bound what a slow or loaded machine makes of
// it; there are about 100 rows.
constexpr SweepLimits kOneVictim = {.points_per_victim = 40,
                                    .time = std::chrono::milliseconds(800),
                                    .least_points = 10,
                                    .stop_at_problem = true};
constexpr SweepLimits kTwoVictims = {.points_per_victim = 6,
                                     .time = std::chrono::milliseconds(1200),
                                     .least_points = 10,
                                     .stop_at_problem = true};

class KillSweepOf : public ::testing::TestWithParam<Scenario> {
 protected:
  void SetUp() override {
    if (const absl::Status status = CheckStepping(); !status.ok()) {
      GTEST_SKIP() << "this machine cannot sweep: " << status;
    }
  }
};

const std::chrono::steady_clock::time_point kBegin = std::chrono::steady_clock::now();

// Bazel's, who then says nothing of the rows that are left.
bool IsTimeNearlyUp() {
  const char* seconds = std::getenv("TEST_TIMEOUT");
  if (seconds == nullptr) return false;
  return std::chrono::steady_clock::now() - kBegin > 0.8 * std::chrono::seconds(std::atol(seconds));
}

std::vector<Scenario> Ours() {
  std::vector<Scenario> ours;
  for (Scenario& scenario : AllScenarios()) {
    if (!scenario.peer) ours.push_back(std::move(scenario));
  }
  return ours;
}

// "mutex", "woken sleeper" → "mutex_woken_sleeper"
std::string NameOf(const ::testing::TestParamInfo<Scenario>& info) {
  std::string name;
  for (const char c : info.param.primitive + " " + info.param.role) {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      name += c;
    } else if (!name.empty() && name.back() != '_') {
      name += '_';
    }
  }
  return name;
}

TEST_P(KillSweepOf, LeavesNobodyHangingAndNothingBehind) {
  const Scenario& scenario = GetParam();
  ASSERT_FALSE(IsTimeNearlyUp()) << "the rows before took too long: this one is not swept";
  const SweepLimits& limits = scenario.dimensions == 1 ? kOneVictim : kTwoVictims;
  const Tally tally = Sweep(scenario, limits);
  std::printf("%s: %s: %ju kill points%s\n", scenario.primitive.c_str(), scenario.role.c_str(),
              static_cast<std::uintmax_t>(tally.kill_points), tally.complete ? ", all" : "");
  ASSERT_TRUE(tally.clean()) << tally.hangs << " hangs, " << tally.leaks << " leaks, "
                             << tally.faults << " faults at " << tally.kill_points
                             << " kill points; the first " << tally.first_problem;
  // The first is the section's end.
  EXPECT_GE(tally.kill_points, tally.complete ? 2u : limits.least_points);
}

INSTANTIATE_TEST_SUITE_P(Ours, KillSweepOf, ::testing::ValuesIn(Ours()), NameOf);

// In every compilation mode: what is swept is the code that is shipped.
TEST(KillSweepRows, AreCompiledOptimised) {
#if !defined(__OPTIMIZE__)
  FAIL();
#endif
}

// Of those with two victims the second one may be the sleeper, which RunUntilBlocked asks for.
TEST(KillSweepRows, AskOfEverySleeperThatItSleeps) {
  for (const Scenario& scenario : AllScenarios()) {
    if (scenario.role.find("owner, then its") != std::string::npos) continue;
    const bool is_sleeper = scenario.role.find("sleeper") != std::string::npos ||
                            scenario.role.find("waiter, notified") != std::string::npos ||
                            scenario.role.find("woken waiter") != std::string::npos;
    EXPECT_EQ(scenario.sleeps, is_sleeper) << scenario.primitive << ": " << scenario.role;
  }
}

TEST(KillSweepRows, CoverWhateverLiesInSharedMemoryAndIsPassedOn) {
  std::set<std::string> primitives;
  for (const Scenario& scenario : Ours()) primitives.insert(scenario.primitive);
  EXPECT_EQ(primitives,
            (std::set<std::string>{"channel", "counter and gauge", "event", "event fd", "latch",
                                   "mutex", "mutex, on a file", "mutex, spinning", "once",
                                   "reader-writer lock", "registry", "semaphore", "shared memory",
                                   "spinlock", "zone", "zone mutex", "zone reader-writer lock"}));
}

TEST(KillSweepRows, CoverEveryRoleForWhateverIsHeld) {
  std::map<std::string, std::set<std::string>> roles;
  for (const Scenario& scenario : Ours()) roles[scenario.primitive].insert(scenario.role);
  const std::set<std::string> asleep = {"owner, waiter comes later",
                                        "owner, waiters asleep",
                                        "woken sleeper",
                                        "sleeper whose lock was stolen",
                                        "recoverer",
                                        "owner, waiter at any moment",
                                        "owner, then its sleeper"};
  for (const char* held : {"mutex", "mutex, on a file"}) EXPECT_EQ(roles[held], asleep) << held;
  for (const std::string& role : asleep) EXPECT_EQ(roles["semaphore"].count(role), 1u) << role;
  const std::set<std::string> spinning = {
      "owner, waiter comes later",     "owner, waiters spin", "woken spinner",
      "spinner whose lock was stolen", "recoverer",           "owner, waiter at any moment",
      "owner, then its spinner"};
  for (const char* held : {"mutex, spinning", "spinlock"}) EXPECT_EQ(roles[held], spinning) << held;
}

}  // namespace
}  // namespace muster::ipc::testing
