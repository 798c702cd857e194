#include "muster/ipc/testing/kill_sweep.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/lock/internal/futex.h"
#include "muster/ipc/testing/scenarios.h"
#include "muster/ipc/testing/section.h"
#include "muster/ipc/testing/victim.h"

namespace muster::ipc::testing {
namespace {

// The sweep itself: it must see what goes wrong, and come to its end.
class KillSweep : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const absl::Status status = CheckStepping(); !status.ok()) {
      GTEST_SKIP() << "this machine cannot sweep: " << status;
    }
  }
};

Scenario Only(std::vector<Scenario> scenarios, const std::string& role) {
  return *std::find_if(scenarios.begin(), scenarios.end(),
                       [&](const Scenario& scenario) { return scenario.role == role; });
}

TEST_F(KillSweep, FindsTheWakeupsThatAForceUnlockedMutexLoses) {
  EXPECT_GT(Sweep(Only(ForceUnlockedMutexScenarios(), "owner, waiters asleep"),
                  {.points_per_victim = 10, .stop_at_problem = true})
                .hangs,
            0u);
}

TEST_F(KillSweep, FindsThePermitsThatTheDeadTookFromAPosixSemaphore) {
  EXPECT_GT(Sweep(Only(PosixSemaphoreScenarios(), "owner, waiter comes later"),
                  {.points_per_victim = 5, .stop_at_problem = true})
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

TEST_F(KillSweep, TriesEachPointTwiceIfSomebodyRecovers) {
  int plays = 0;
  Scenario row = {.primitive = "nothing", .role = "nobody", .play = [&](Trial& trial) {
                    ++plays;
                    Victim& victim = trial.StartVictim([](Part&) {
                      SectionMark();
                      SectionMark();
                    });
                    trial.Step(victim);
                    victim.Kill();
                  }};
  const std::uint64_t points = Sweep(row).kill_points;
  EXPECT_EQ(plays, 2 * static_cast<int>(points));
  plays = 0;
  row.is_recovered = false;
  EXPECT_EQ(Sweep(row).kill_points, points);
  EXPECT_EQ(plays, static_cast<int>(points));
}

// A section like that of a sleeper: waits for the word, for `nap` each time. Whoever is told that
// it sleeps changes the word.
Scenario Napper(absl::Duration nap) {
  return {.primitive = "word", .role = "napper", .sleeps = true, .play = [nap](Trial& trial) {
            auto* word = static_cast<std::atomic<std::uint32_t>*>(trial.memory());
            Victim& victim = trial.StartVictim([=](Part&) {
              SectionMark();
              while (word->load() == 0) internal::FutexWait(*word, 0, Deadline::After(nap));
              SectionMark();
            });
            trial.Step(victim, [word](int) {
              word->store(1);
              internal::FutexWakeAll(*word);
            });
            victim.Kill();
          }};
}

// As of a writer that waits for a reader, where a step takes long: 10 ms are over when it comes to
// the call, and it never sleeps. A nanosecond is over on every machine.
TEST_F(KillSweep, PutsAVictimToSleepWhoseNapIsOverBeforeItBegins) {
  const Tally tally = Sweep(Napper(absl::Nanoseconds(1)), {.points_per_victim = 20});
  EXPECT_TRUE(tally.clean()) << tally.first_problem;
}

TEST_F(KillSweep, SweepsANapThatIsNeverOver) {
  const Tally tally = Sweep(Napper(absl::Hours(1)), {.points_per_victim = 20});
  EXPECT_TRUE(tally.clean()) << tally.first_problem;
}

// What the sweep says of a section, with nobody else there.
Tally SweepSection(std::function<void()> section, bool sleeps = false) {
  return Sweep(
      {.primitive = "a primitive", .role = "a role", .sleeps = sleeps, .play = [&](Trial& trial) {
         Victim& victim = trial.StartVictim([&](Part&) {
           SectionMark();
           section();
           SectionMark();
         });
         trial.Step(victim);
         victim.Kill();
       }});
}

TEST_F(KillSweep, FailsARowWhoseSleeperNeverSlept) {
  const Tally tally = SweepSection([] {}, /*sleeps=*/true);
  EXPECT_EQ(tally.first_problem,
            "a primitive: a role: the rehearsal, early recovery: "
            "the victim was never asleep in a system call");
  EXPECT_EQ(tally.kill_points, 1u);
  EXPECT_FALSE(tally.complete);
}

TEST_F(KillSweep, FailsARowWhoseSecondVictimDoesNotSleepWhenItShould) {
  const Tally tally =
      Sweep({.primitive = "a primitive", .role = "a role", .play = [](Trial& trial) {
               Victim& victim = trial.StartVictim([](Part&) {
                 SectionMark();
                 SectionMark();
               });
               trial.RunUntilBlocked(victim);
               victim.Kill();
             }});
  EXPECT_EQ(tally.first_problem,
            "a primitive: a role: the rehearsal, early recovery: the victim does not sleep");
}

TEST_F(KillSweep, EndsARehearsalThatComesToNoEnd) {
  const Tally tally = SweepSection([] {
    for (;;) SpinPause();
  });
  EXPECT_EQ(tally.first_problem,
            "a primitive: a role: the rehearsal, early recovery: "
            "the victim comes to no end in 50000 instructions");
}

TEST_F(KillSweep, EndsARehearsalInWhichTheVictimSleepsForEver) {
  const Tally tally = SweepSection([] { ::pause(); });
  EXPECT_EQ(tally.first_problem,
            "a primitive: a role: the rehearsal, early recovery: "
            "the victim itself sleeps for ever");
}

TEST_F(KillSweep, EndsAVictimThatDoesNotComeToItsSection) {
  const Tally tally =
      Sweep({.primitive = "a primitive", .role = "a role", .play = [](Trial& trial) {
               Victim& victim = trial.StartVictim([](Part&) { ::pause(); });
               trial.Step(victim);
               victim.Kill();
               trial.AwaitAll();
             }});
  EXPECT_EQ(tally.first_problem,
            "a primitive: a role: the rehearsal, early recovery: "
            "the start of the victim: it does not come to its section");
}

// It does not come to where it was in the rehearsal, and does not stop by itself.
TEST_F(KillSweep, StepsAVictimThatIsLostInFullFlight) {
  int trials = 0;
  const Scenario stray = {
      .primitive = "a primitive", .role = "a role", .play = [&trials](Trial& trial) {
        const bool is_rehearsal = ++trials <= 2;
        Victim& victim = trial.StartVictim([is_rehearsal](Part&) {
          SectionMark();
          while (!is_rehearsal) SpinPause();
          SpinPause();
          SectionMark();
        });
        trial.Step(victim);
        victim.Kill();
      }};
  const Tally tally = Sweep(stray);
  EXPECT_TRUE(tally.clean()) << tally.first_problem;
  EXPECT_TRUE(tally.complete);
}

// A survivor that waits for the victim's last step.
Scenario Abandoned(std::function<void(const std::atomic<int>& done)> wait) {
  return {.primitive = "a primitive", .role = "a role", .play = [wait](Trial& trial) {
            auto* done = static_cast<std::atomic<int>*>(trial.memory());
            Victim& victim = trial.StartVictim([done](Part&) {
              SectionMark();
              done->store(1);
              SectionMark();
            });
            trial.Step(victim);
            victim.Kill();
            trial.Start([&](Part&) {
              while (done->load() == 0) wait(*done);
            });
            trial.AwaitAll();
          }};
}

TEST_F(KillSweep, EndsATrialInWhichASurvivorSleepsForEver) {
  const Tally tally = Sweep(Abandoned([](const auto&) { ::pause(); }), {.stop_at_problem = true});
  EXPECT_EQ(tally.first_problem,
            "a primitive: a role: the trial at 0, early recovery: a survivor sleeps for ever");
  // The rehearsal went well.
  EXPECT_EQ(tally.kill_points, 2u);
}

TEST_F(KillSweep, EndsATrialInWhichASurvivorSpinsForEver) {
  const Tally tally = Sweep(Abandoned([](const auto&) { SpinPause(); }), {.stop_at_problem = true});
  EXPECT_EQ(tally.first_problem,
            "a primitive: a role: the trial at 0, early recovery: "
            "a survivor spins for ever, or waits for one that does");
}

TEST_F(KillSweep, TellsASurvivorThatDiedFromOneThatSleeps) {
  const Tally tally = Sweep(Abandoned([](const auto&) { ::_exit(1); }), {.stop_at_problem = true});
  EXPECT_EQ(tally.first_problem,
            "a primitive: a role: the trial at 0, early recovery: a survivor ended early");
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
