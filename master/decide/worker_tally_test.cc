#include "muster/master/decide/worker_tally.h"

#include "gtest/gtest.h"

namespace muster::master {
namespace {

TEST(WorkerTally, CountsHowWorkersEndedAndWhatWasCutOff) {
  WorkerTally tally;
  tally.Count({.connections = 5, .requests = 2}, /*was_killed=*/false);
  tally.Count({.connections = 1, .requests = 1}, /*was_killed=*/true);
  tally.Count({}, /*was_killed=*/false);
  const Outcome outcome = tally.ToOutcome();
  EXPECT_EQ(outcome.exited, 2u);
  EXPECT_EQ(outcome.killed, 1u);
  EXPECT_EQ(outcome.connections_closed, 6u);
  EXPECT_EQ(outcome.requests_cut, 3u);
  EXPECT_EQ(tally.Describe(), "2 exited, 1 killed, 6 connections and 3 requests cut off");
}

TEST(WorkerTally, CountsAConnectionOnceThatWasLeftAtTheDeadline) {
  // It was killed before it had closed all that it counted.
  EXPECT_EQ(CutConnections({.connections = 2, .closed_at_deadline = 3}), 3u);
  // It closed them all.
  EXPECT_EQ(CutConnections({.connections = 0, .closed_at_deadline = 3}), 3u);
  EXPECT_EQ(CutConnections({.connections = 2}), 2u);
}

}  // namespace
}  // namespace muster::master
