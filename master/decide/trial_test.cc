#include "muster/master/decide/trial.h"

#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/decision.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/decide/worker_record.h"
#include "muster/master/decide/worker_slots.h"
#include "muster/master/decide/worker_state.h"

namespace muster::master {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

class TrialTest : public testing::Test {
 protected:
  void SetUp() override { worker_ = workers_.Take(2, 0, Settings()); }
  void Crash() {
    worker_->last_exit = "was killed by SIGSEGV";
    trial_.OnCrash(*worker_);
  }
  std::optional<std::string> Failure() const { return trial_.Failure(workers_, now_ + seconds(2)); }

  const Settings settings_ = {.trial = seconds(10), .trial_max_crashes = 1};
  const TimePoint now_ = TimePoint() + seconds(100);
  WorkerSlots workers_{4};
  WorkerRecord* worker_ = nullptr;
  Trial trial_;
};

TEST_F(TrialTest, IsOffUnlessTheConfigurationWantsOne) {
  trial_.Begin(2, 1, Settings(), now_);
  EXPECT_FALSE(trial_.is_on());
  Crash();
  Crash();
  EXPECT_FALSE(Failure().has_value());
}

TEST_F(TrialTest, FailsAtTheCrashAfterTheLastOneThatIsAllowed) {
  trial_.Begin(2, 1, settings_, now_);
  Crash();
  EXPECT_FALSE(Failure().has_value());
  Crash();
  ASSERT_TRUE(Failure().has_value());
  EXPECT_THAT(*Failure(),
              HasSubstr("worker 0 of generation 2 was killed by SIGSEGV; 2 crashes within 2s"));
}

TEST_F(TrialTest, FailsWhenTheLastWorkerIsGivenUp) {
  trial_.Begin(2, 1, settings_, now_);
  Crash();
  worker_->state = WorkerState::kGaveUp;
  ASSERT_TRUE(Failure().has_value());
  EXPECT_THAT(*Failure(), HasSubstr("the last worker has given up"));
}

TEST_F(TrialTest, CountsNoCrashOfAnotherGeneration) {
  trial_.Begin(3, 1, settings_, now_);
  Crash();
  Crash();
  EXPECT_FALSE(Failure().has_value());
}

TEST_F(TrialTest, IsOverWhenItsTimeIs) {
  trial_.Begin(2, 1, settings_, now_);
  EXPECT_EQ(trial_.deadline(), now_ + seconds(10));
  Decision early(now_ + seconds(9));
  trial_.Expire(early);
  EXPECT_TRUE(trial_.is_on());
  EXPECT_TRUE(early.TakeActions().empty());
  Decision late(now_ + seconds(10));
  trial_.Expire(late);
  EXPECT_FALSE(trial_.is_on());
  const std::vector<Action> actions = late.TakeActions();
  ASSERT_EQ(actions.size(), 1u);
  EXPECT_EQ(std::get<LogAction>(actions[0]).topic, Topic::kTrialPassed);
}

TEST_F(TrialTest, LeadsBackToWhatIsProvenIfAnotherOneWasOn) {
  trial_.Begin(2, 1, settings_, now_);
  trial_.Begin(3, 2, settings_, now_);
  EXPECT_EQ(trial_.generation(), 3u);
  EXPECT_EQ(trial_.previous(), 1u);
}

TEST_F(TrialTest, PassesToTheNextGenerationOfTheSameConfiguration) {
  trial_.Begin(1, 4, settings_, now_);
  trial_.PassTo(2);
  Crash();
  Crash();
  EXPECT_TRUE(Failure().has_value());
  EXPECT_EQ(trial_.previous(), 4u);
}

}  // namespace
}  // namespace muster::master
