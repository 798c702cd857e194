#include "muster/master/decide/generations.h"

#include <cstdint>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/decide/decision.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/decide/worker_slots.h"
#include "muster/master/decide/worker_state.h"

namespace muster::master {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class GenerationsTest : public testing::Test {
 protected:
  void Commit(std::uint64_t number, std::uint64_t copy_of = 0, const std::string& why_left = "") {
    generations_.Commit({.number = number, .copy_of = copy_of}, why_left);
  }
  void Sweep(const std::set<std::uint64_t>& pinned = {}) {
    Decision decision{TimePoint()};
    generations_.Sweep(workers_, pinned, decision);
    for (const Action& action : decision.TakeActions()) {
      if (const auto* release = std::get_if<ReleaseAction>(&action)) {
        released_.push_back(release->generation);
      } else if (const auto* forget = std::get_if<ForgetAction>(&action)) {
        forgotten_.push_back(forget->generation);
      }
    }
  }

  Generations generations_;
  WorkerSlots workers_{16};
  std::vector<std::uint64_t> released_;
  std::vector<std::uint64_t> forgotten_;
};

TEST_F(GenerationsTest, KeepTheOneThatServesWhole) {
  Commit(1);
  Sweep();
  EXPECT_THAT(released_, IsEmpty());
}

TEST_F(GenerationsTest, ReleaseOneWhenItsLastWorkerHasGone) {
  Commit(1);
  WorkerRecord* const worker = workers_.Take(1, 0, Settings());
  Commit(2);
  Sweep();
  EXPECT_THAT(released_, IsEmpty());
  worker->state = WorkerState::kGone;
  Sweep();
  Sweep();
  EXPECT_THAT(released_, ElementsAre(1));
}

TEST_F(GenerationsTest, KeepThatWholeToWhichATrialLeads) {
  Commit(1);
  Commit(2);
  Sweep({1});
  EXPECT_THAT(released_, IsEmpty());
  Sweep();
  EXPECT_THAT(released_, ElementsAre(1));
}

TEST_F(GenerationsTest, ForgetTheOldestBeyondTen) {
  for (std::uint64_t number = 1; number <= 12; ++number) {
    Commit(number);
    Sweep();
  }
  EXPECT_THAT(forgotten_, ElementsAre(1, 2));
  EXPECT_EQ(generations_.Find(2), nullptr);
  EXPECT_NE(generations_.Find(3), nullptr);
}

TEST_F(GenerationsTest, TellWhatBecameOfTheOneBefore) {
  Commit(1);
  Commit(2);
  Commit(3, 1, "it crashed");
  EXPECT_EQ(generations_.Find(1)->end, GenerationRecord::End::kReplaced);
  EXPECT_EQ(generations_.Find(2)->end, GenerationRecord::End::kRolledBack);
  EXPECT_EQ(generations_.Find(2)->reason, "it crashed");
  EXPECT_EQ(generations_.Find(3)->end, GenerationRecord::End::kNone);
}

TEST_F(GenerationsTest, FindWhereARollbackGoes) {
  EXPECT_EQ(generations_.Before(), 0u);
  Commit(1);
  EXPECT_EQ(generations_.Before(), 0u);
  Commit(2);
  EXPECT_EQ(generations_.Before(), 1u);
  Commit(3);
  Commit(4, 3);  // a resume
  EXPECT_EQ(generations_.Before(), 2u) << "a copy is no other deployment";
  Commit(5);
  EXPECT_EQ(generations_.Before(), 4u);
}

TEST_F(GenerationsTest, GoFurtherBackAfterEachRollback) {
  for (std::uint64_t number = 1; number <= 4; ++number) Commit(number);
  Commit(5, 3, "left");
  EXPECT_EQ(generations_.Before(), 2u);
  Commit(6, 2, "left");
  EXPECT_EQ(generations_.Before(), 1u);
  Commit(7, 1, "left");
  EXPECT_EQ(generations_.Before(), 0u);
}

}  // namespace
}  // namespace muster::master
