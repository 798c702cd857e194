#include "muster/tests/chaos/plan.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::tests::chaos {
namespace {

using ::testing::ElementsAre;
using Kind = Action::Kind;

std::vector<Action> Actions(std::uint64_t seed, int count) {
  Plan plan(seed);
  std::vector<Action> actions;
  for (int i = 0; i < count; ++i) actions.push_back(plan.Next());
  return actions;
}

TEST(Plan, IsTheSameForTheSameSeed) {
  EXPECT_EQ(Plan(7).first(), Plan(7).first());
  EXPECT_EQ(Actions(7, 500), Actions(7, 500));
}

// Whoever notes a seed today repeats it on another machine.
TEST(Plan, IsTheSameOnEveryMachine) {
  std::vector<std::string> texts;
  for (const Action& action : Actions(1, 4)) texts.push_back(Text(action));
  EXPECT_THAT(texts, ElementsAre("stop worker 5", "kill worker 6", "kill worker 10",
                                 "continue stopped workers"));
}

TEST(Plan, IsAnotherForAnotherSeed) { EXPECT_NE(Actions(7, 20), Actions(8, 20)); }

TEST(Plan, HasEveryKindAndEveryMistake) {
  std::set<Kind> kinds;
  std::set<Mistake> mistakes;
  std::set<Action::Meanwhile> meanwhiles;
  for (const Action& action : Actions(1, 2000)) {
    kinds.insert(action.kind);
    if (action.kind == Kind::kRefusedReload) mistakes.insert(action.mistake);
    if (action.kind == Kind::kReload) meanwhiles.insert(action.meanwhile);
  }
  EXPECT_EQ(kinds.size(), static_cast<std::size_t>(Kind::kRest) + 1);
  EXPECT_EQ(mistakes.size(), static_cast<std::size_t>(Mistake::kDescribeHangs) + 1);
  EXPECT_EQ(meanwhiles.size(), 4u);
}

TEST(Plan, PausesOnlyWhatServesAndResumesOnlyWhatIsPaused) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    bool is_paused = false;
    for (const Action& action : Actions(seed, 200)) {
      if (action.kind == Kind::kPause) {
        EXPECT_FALSE(is_paused);
        is_paused = true;
      } else if (action.kind == Kind::kResume) {
        EXPECT_TRUE(is_paused);
        is_paused = false;
      } else if (action.kind == Kind::kReload || action.kind == Kind::kTwoReloads ||
                 action.kind == Kind::kReloadsInARow || action.kind == Kind::kRest) {
        is_paused = false;
      }
    }
  }
}

TEST(Plan, UndoesOnlyWhatIsOnTrialAndCrashesNothingMeanwhile) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    bool is_on_trial = false;
    for (const Action& action : Actions(seed, 200)) {
      if (action.kind == Kind::kUpgrade) {
        EXPECT_FALSE(is_on_trial);
        is_on_trial = true;
      } else if (action.kind == Kind::kUndo || action.kind == Kind::kCommit) {
        EXPECT_TRUE(is_on_trial);
        is_on_trial = false;
      } else if (action.kind == Kind::kRest) {
        is_on_trial = false;
      } else if (action.kind == Kind::kKill || action.kind == Kind::kTrial) {
        EXPECT_FALSE(is_on_trial);
      }
    }
  }
}

TEST(Plan, RestsAgainAndAgain) {
  int without = 0;
  for (const Action& action : Actions(3, 200)) {
    without = action.kind == Kind::kRest ? 0 : without + 1;
    EXPECT_LT(without, 10);
  }
}

}  // namespace
}  // namespace muster::tests::chaos
