#include "ipc/testing/kill_sweep.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "ipc/testing/scenarios.h"
#include "ipc/testing/section.h"
#include "ipc/testing/victim.h"

namespace muster::ipc::testing {
namespace {

// Kill points per victim: a sample here, all of them in tools/sweep.
constexpr std::uint64_t kPoints = 40;
constexpr std::uint64_t kPointsOfTwo = 7;

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
  const Tally tally = Sweep(scenario, scenario.dimensions == 1 ? kPoints : kPointsOfTwo);
  EXPECT_TRUE(tally.clean()) << tally.hangs << " hangs, " << tally.leaks << " leaks, "
                             << tally.faults << " faults at " << tally.kill_points
                             << " kill points; the first " << tally.first_problem;
  EXPECT_GT(tally.kill_points, 1u);
}

INSTANTIATE_TEST_SUITE_P(Ours, KillSweepOf, ::testing::ValuesIn(Ours()), NameOf);

// The sweep itself: it must see what goes wrong.

Scenario Only(std::vector<Scenario> scenarios, const std::string& role) {
  return *std::find_if(scenarios.begin(), scenarios.end(),
                       [&](const Scenario& scenario) { return scenario.role == role; });
}

TEST_F(KillSweep, FindsTheWakeupsThatAForceUnlockedMutexLoses) {
  EXPECT_GT(Sweep(Only(ForceUnlockedMutexScenarios(), "owner, waiters asleep"), 10).hangs, 0u);
}

TEST_F(KillSweep, FindsThePermitsThatTheDeadTookFromAPosixSemaphore) {
  EXPECT_GT(Sweep(Only(PosixSemaphoreScenarios(), "owner, waiter comes later"), 5).leaks, 0u);
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
