#include "muster/master/decide/worker_state.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::master {
namespace {

using Event = WorkerEvent;
using State = WorkerState;
using Step = WorkerStep;

struct Row {
  State state;
  Event event;
  State next;
  std::vector<Step> steps;
};

// Every pair that changes something; the other pairs must not.
const std::vector<Row>& Table() {
  static const auto* const table = new std::vector<Row>{
      {State::kStarting, Event::kReady, State::kReady, {}},
      {State::kStarting, Event::kDrain, State::kDraining, {Step::kSendDrain}},
      {State::kStarting, Event::kQuit, State::kDraining, {Step::kSendQuit}},
      {State::kStarting, Event::kStop, State::kStopping, {Step::kSendTerminate}},
      {State::kStarting, Event::kKill, State::kStopping, {Step::kKill}},
      {State::kStarting, Event::kOverdue, State::kStopping, {Step::kKill}},
      {State::kStarting, Event::kEnded, State::kGone, {Step::kRelease}},
      {State::kStarting, Event::kEndedRetry, State::kBackoff, {}},
      {State::kStarting, Event::kEndedForGood, State::kGaveUp, {}},

      {State::kReady, Event::kServe, State::kServing, {Step::kSendServe}},
      {State::kReady, Event::kDrain, State::kDraining, {Step::kSendDrain}},
      {State::kReady, Event::kQuit, State::kDraining, {Step::kSendQuit}},
      {State::kReady, Event::kStop, State::kStopping, {Step::kSendTerminate}},
      {State::kReady, Event::kKill, State::kStopping, {Step::kKill}},
      {State::kReady, Event::kEnded, State::kGone, {Step::kRelease}},
      {State::kReady, Event::kEndedRetry, State::kBackoff, {}},
      {State::kReady, Event::kEndedForGood, State::kGaveUp, {}},

      {State::kServing, Event::kDrain, State::kDraining, {Step::kSendDrain}},
      {State::kServing, Event::kQuit, State::kDraining, {Step::kSendQuit}},
      {State::kServing, Event::kStop, State::kStopping, {Step::kSendTerminate}},
      {State::kServing, Event::kKill, State::kStopping, {Step::kKill}},
      {State::kServing, Event::kEnded, State::kGone, {Step::kRelease}},
      {State::kServing, Event::kEndedRetry, State::kBackoff, {}},
      {State::kServing, Event::kEndedForGood, State::kGaveUp, {}},

      {State::kDraining, Event::kQuit, State::kDraining, {Step::kSendQuit}},
      {State::kDraining, Event::kStop, State::kStopping, {Step::kSendTerminate}},
      {State::kDraining, Event::kKill, State::kStopping, {Step::kKill}},
      {State::kDraining, Event::kOverdue, State::kStopping, {Step::kKill}},
      {State::kDraining, Event::kEnded, State::kGone, {Step::kRelease}},
      {State::kDraining, Event::kEndedRetry, State::kGone, {Step::kRelease}},
      {State::kDraining, Event::kEndedForGood, State::kGone, {Step::kRelease}},

      {State::kStopping, Event::kKill, State::kStopping, {Step::kKill}},
      {State::kStopping, Event::kEnded, State::kGone, {Step::kRelease}},
      {State::kStopping, Event::kEndedRetry, State::kBackoff, {}},
      {State::kStopping, Event::kEndedForGood, State::kGaveUp, {}},

      {State::kBackoff, Event::kRetry, State::kStarting, {Step::kSpawn}},
      {State::kBackoff, Event::kDrain, State::kGone, {Step::kRelease}},
      {State::kBackoff, Event::kQuit, State::kGone, {Step::kRelease}},
      {State::kBackoff, Event::kStop, State::kGone, {Step::kRelease}},
      {State::kBackoff, Event::kKill, State::kGone, {Step::kRelease}},

      {State::kGaveUp, Event::kDrain, State::kGone, {Step::kRelease}},
      {State::kGaveUp, Event::kQuit, State::kGone, {Step::kRelease}},
      {State::kGaveUp, Event::kStop, State::kGone, {Step::kRelease}},
      {State::kGaveUp, Event::kKill, State::kGone, {Step::kRelease}},
  };
  return *table;
}

TEST(WorkerState, GoesAsTheTableSaysAndStaysOtherwise) {
  for (State state : {State::kStarting, State::kReady, State::kServing, State::kDraining,
                      State::kStopping, State::kBackoff, State::kGaveUp, State::kGone}) {
    for (Event event :
         {Event::kReady, Event::kServe, Event::kDrain, Event::kQuit, Event::kStop, Event::kOverdue,
          Event::kEnded, Event::kEndedRetry, Event::kEndedForGood, Event::kRetry, Event::kKill}) {
      Transition want = {state, {}};
      for (const Row& row : Table()) {
        if (row.state == state && row.event == event) want = {row.next, row.steps};
      }
      const Transition got = Next(state, event);
      const std::string where =
          absl::StrCat(WorkerStateName(state), ", event ", static_cast<int>(event));
      EXPECT_EQ(got.state, want.state) << where;
      EXPECT_EQ(got.steps, want.steps) << where;
    }
  }
}

TEST(WorkerState, FreesASlotOnlyWhereNoProcessRuns) {
  for (const Row& row : Table()) {
    if (row.steps == std::vector<Step>{Step::kRelease}) {
      EXPECT_FALSE(HasProcess(row.next)) << WorkerStateName(row.state);
    }
  }
}

TEST(WorkerState, StartsAProcessOnlyWhereNoneRuns) {
  for (const Row& row : Table()) {
    if (row.steps == std::vector<Step>{Step::kSpawn}) {
      EXPECT_FALSE(HasProcess(row.state)) << WorkerStateName(row.state);
    }
  }
}

}  // namespace
}  // namespace muster::master
