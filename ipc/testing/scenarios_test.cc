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
// it; there are about 300 rows.
constexpr SweepLimits kOneVictim = {.points_per_victim = 12,
                                    .time = std::chrono::milliseconds(100),
                                    .least_points = 6,
                                    .stop_at_problem = true};
// Where nobody recovers a point takes up to a tenth of a second.
constexpr SweepLimits kWithoutParent = {.points_per_victim = 4,
                                        .time = std::chrono::milliseconds(100),
                                        .least_points = 3,
                                        .stop_at_problem = true};
constexpr SweepLimits kTwoVictims = {.points_per_victim = 4,
                                     .time = std::chrono::milliseconds(100),
                                     .least_points = 6,
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
  const SweepLimits& limits = !scenario.is_recovered     ? kWithoutParent
                              : scenario.dimensions == 1 ? kOneVictim
                                                         : kTwoVictims;
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

// What has an owner, or a waiter, that may be dead; with a parent, and without one.
const std::set<std::string> kHeld = {
    "mutex",     "mutex, spinning", "spinlock",      "reader-writer lock",
    "semaphore", "zone mutex",      "zone spinlock", "zone reader-writer lock"};

TEST(KillSweepRows, CoverWhateverLiesInSharedMemoryAndIsPassedOn) {
  std::set<std::string> primitives;
  for (const Scenario& scenario : Ours()) primitives.insert(scenario.primitive);
  std::set<std::string> expected = {"channel",  "counter and gauge", "event fd",      "latch",
                                    "registry", "mutex, on a file",  "shared memory", "zone"};
  std::set<std::string> waited_for = kHeld;
  waited_for.insert({"event", "once", "zone once"});
  for (const std::string& primitive : waited_for) {
    expected.insert(primitive);
    expected.insert(primitive + ", no parent");
  }
  EXPECT_EQ(primitives, expected);
}

// Of the reader-writer locks those of one variant.
std::map<std::string, std::set<std::string>> RolesByPrimitive() {
  std::map<std::string, std::set<std::string>> roles;
  for (const Scenario& scenario : Ours()) {
    const std::string variant = "reader, writers: ";
    const bool has_variant = scenario.role.rfind(variant, 0) == 0;
    roles[scenario.primitive].insert(scenario.role.substr(has_variant ? variant.size() : 0));
  }
  return roles;
}

TEST(KillSweepRows, CoverEveryRoleForWhateverIsHeld) {
  const auto roles = RolesByPrimitive();
  for (const std::string& held : kHeld) {
    for (const std::string parent : {"", ", no parent"}) {
      const std::set<std::string>& own = roles.at(held + parent);
      const bool spins = held == "mutex, spinning" || held.find("spinlock") != std::string::npos;
      const std::string waiter = spins ? "spinner" : "sleeper";
      std::set<std::string> expected = {"owner, waiter comes later",
                                        spins ? "owner, waiters spin" : "owner, waiters asleep",
                                        "woken " + waiter,
                                        waiter + " whose lock was stolen",
                                        "recoverer",
                                        "owner, waiter at any moment",
                                        "owner, then its " + waiter};
      if (held != "mutex, spinning") {
        expected.insert({"owner that forks", "owner after its fork", "forked child of an owner"});
      }
      if (!parent.empty()) expected.insert("owner, its slot comes round");
      for (const std::string& role : expected)
        EXPECT_EQ(own.count(role), 1u) << held << ": " << role;
    }
  }
}

}  // namespace
}  // namespace muster::ipc::testing
