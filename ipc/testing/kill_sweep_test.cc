#include "ipc/testing/kill_sweep.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "ipc/testing/scenarios.h"
#include "ipc/testing/section.h"
#include "ipc/testing/victim.h"

namespace muster::ipc::testing {
namespace {

// A sample here, all of it in tools/sweep. The times bound what a slow or loaded machine makes of
// it; there are about 80 rows.
constexpr SweepLimits kOneVictim = {
    .points_per_victim = 40, .time = std::chrono::milliseconds(800), .least_points = 10};
constexpr SweepLimits kTwoVictims = {
    .points_per_victim = 6, .time = std::chrono::milliseconds(1200), .least_points = 10};

class KillSweep : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const absl::Status status = CheckStepping(); !status.ok()) {
      GTEST_SKIP() << "this machine cannot sweep: " << status;
    }
  }
};

class KillSweepOf : public KillSweep, public ::testing::WithParamInterface<Scenario> {};

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
  const SweepLimits& limits = scenario.dimensions == 1 ? kOneVictim : kTwoVictims;
  const Tally tally = Sweep(scenario, limits);
  std::printf("%s: %s: %ju kill points%s\n", scenario.primitive.c_str(), scenario.role.c_str(),
              static_cast<std::uintmax_t>(tally.kill_points), tally.complete ? ", all" : "");
  EXPECT_TRUE(tally.clean()) << tally.hangs << " hangs, " << tally.leaks << " leaks, "
                             << tally.faults << " faults at " << tally.kill_points
                             << " kill points; the first " << tally.first_problem;
  // The first is the section's end.
  EXPECT_GE(tally.kill_points, tally.complete ? 2u : limits.least_points);
}

INSTANTIATE_TEST_SUITE_P(Ours, KillSweepOf, ::testing::ValuesIn(Ours()), NameOf);

TEST(KillSweepRows, CoverWhateverLiesInSharedMemoryAndIsPassedOn) {
  std::set<std::string> primitives;
  for (const Scenario& scenario : Ours()) primitives.insert(scenario.primitive);
  EXPECT_EQ(primitives, (std::set<std::string>{"channel", "counter and gauge", "event", "latch",
                                               "mutex", "mutex, on a file", "mutex, spinning",
                                               "once", "reader-writer lock", "registry",
                                               "semaphore", "shared memory", "spinlock"}));
}

TEST(KillSweepRows, CoverEveryRoleForWhateverIsHeld) {
  std::map<std::string, std::set<std::string>> roles;
  for (const Scenario& scenario : Ours()) roles[scenario.primitive].insert(scenario.role);
  for (const char* held :
       {"mutex", "mutex, on a file", "mutex, spinning", "semaphore", "spinlock"}) {
    for (const char* role : {"owner, waiter comes later", "owner, waiters asleep", "woken sleeper",
                             "sleeper whose lock was stolen", "recoverer",
                             "owner, waiter at any moment", "owner, then its sleeper"}) {
      EXPECT_EQ(roles[held].count(role), 1u) << held << ": " << role;
    }
  }
}

// The sweep itself: it must see what goes wrong.

Scenario Only(std::vector<Scenario> scenarios, const std::string& role) {
  return *std::find_if(scenarios.begin(), scenarios.end(),
                       [&](const Scenario& scenario) { return scenario.role == role; });
}

TEST_F(KillSweep, FindsTheWakeupsThatAForceUnlockedMutexLoses) {
  EXPECT_GT(
      Sweep(Only(ForceUnlockedMutexScenarios(), "owner, waiters asleep"), {.points_per_victim = 10})
          .hangs,
      0u);
}

TEST_F(KillSweep, FindsThePermitsThatTheDeadTookFromAPosixSemaphore) {
  EXPECT_GT(
      Sweep(Only(PosixSemaphoreScenarios(), "owner, waiter comes later"), {.points_per_victim = 5})
          .leaks,
      0u);
}

TEST_F(KillSweep, FindsWhatIsHalfWritten) {
  const Scenario two_words = {.primitive = "two words", .role = "writer", .play = [](Trial& trial) {
                                auto* words = static_cast<std::atomic<int>*>(trial.memory());
                                Victim& victim = trial.StartVictim([words](Part&) {
                                  SectionMark();
                                  words[0].store(1);
                                  words[1].store(1);
                                  SectionMark();
                                });
                                trial.Step(victim);
                                victim.Kill();
                                if (words[0].load() != words[1].load()) trial.Fault("half written");
                              }};
  const Tally tally = Sweep(two_words);
  EXPECT_GT(tally.faults, 0u);
  EXPECT_LT(tally.faults, tally.kill_points);
}

TEST_F(KillSweep, SpreadsWhatItHasTimeForOverTheSection) {
  std::set<int> values_at_death;
  const Scenario counting = {.primitive = "counter", .role = "writer", .play = [&](Trial& trial) {
                               auto* value = static_cast<std::atomic<int>*>(trial.memory());
                               Victim& victim = trial.StartVictim([value](Part&) {
                                 SectionMark();
                                 for (int i = 0; i < 100; ++i) value->fetch_add(1);
                                 SectionMark();
                               });
                               trial.Step(victim);
                               victim.Kill();
                               values_at_death.insert(value->load());
                             }};
  const Tally tally = Sweep(counting, {.time = std::chrono::nanoseconds(0), .least_points = 5});
  EXPECT_EQ(tally.kill_points, 5u);
  EXPECT_FALSE(tally.complete);
  // At its end, at its beginning, and in the second, third and fourth quarter.
  EXPECT_EQ(values_at_death.size(), 5u);
  EXPECT_EQ(*values_at_death.begin(), 0);
  EXPECT_GE(*std::next(values_at_death.begin()), 20);
}

#if defined(__x86_64__)
TEST_F(KillSweep, KillsBeforeEachInstruction) {
  std::set<int> counts_at_death;
  const Scenario three_instructions = {
      .primitive = "counter", .role = "writer", .play = [&counts_at_death](Trial& trial) {
        auto* count = static_cast<int*>(trial.memory());
        Victim& victim = trial.StartVictim([count](Part&) {
          SectionMark();
          asm volatile("incl (%0)\n incl (%0)\n incl (%0)" : : "r"(count) : "memory");
          SectionMark();
        });
        trial.Step(victim);
        victim.Kill();
        counts_at_death.insert(*count);
      }};
  EXPECT_TRUE(Sweep(three_instructions).clean());
  EXPECT_EQ(counts_at_death, (std::set<int>{0, 1, 2, 3}));
}

// A breakpoint brings it to the same places as single steps do.
TEST_F(KillSweep, KillsInEachRoundOfALoop) {
  std::set<int> counts_at_death;
  const Scenario loop = {
      .primitive = "loop", .role = "writer", .play = [&counts_at_death](Trial& trial) {
        auto* count = static_cast<int*>(trial.memory());
        Victim& victim = trial.StartVictim([count](Part&) {
          SectionMark();
          asm volatile("1: incl (%0)\n cmpl $9, (%0)\n jl 1b" : : "r"(count) : "memory", "cc");
          SectionMark();
        });
        trial.Step(victim);
        victim.Kill();
        counts_at_death.insert(*count);
      }};
  EXPECT_TRUE(Sweep(loop).clean());
  EXPECT_EQ(counts_at_death, (std::set<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}
#endif

}  // namespace
}  // namespace muster::ipc::testing
