#include "muster/master/decide/decision.h"

#include <string>
#include <variant>
#include <vector>

#include "gtest/gtest.h"

namespace muster::master {
namespace {

TEST(Decision, KeepsTheOrderOfItsActions) {
  Decision decision{TimePoint()};
  decision.Do(LoadAction{});
  decision.Log(Severity::kWarning, "text");
  decision.Reply(7, {.generation = 3});
  const std::vector<Action> actions = decision.TakeActions();
  ASSERT_EQ(actions.size(), 3u);
  EXPECT_TRUE(std::holds_alternative<LoadAction>(actions[0]));
  EXPECT_EQ(std::get<LogAction>(actions[1]).severity, Severity::kWarning);
  EXPECT_EQ(std::get<LogAction>(actions[1]).text, "text");
  EXPECT_EQ(std::get<ReplyAction>(actions[2]).request, 7u);
  EXPECT_EQ(std::get<ReplyAction>(actions[2]).outcome.generation, 3u);
}

TEST(Decision, TellsWhomALineIsAbout) {
  Decision decision{TimePoint()};
  WorkerRecord worker;
  worker.slot = 5;
  worker.generation = 2;
  worker.index = 1;
  worker.pid = 4711;
  decision.Tell(Topic::kWorkerReady, Severity::kInfo, "text", worker);
  decision.Tell(Topic::kGenerationServes, Severity::kInfo, "text", 3);
  const std::vector<Action> actions = decision.TakeActions();
  ASSERT_EQ(actions.size(), 2u);
  const auto& of_worker = std::get<LogAction>(actions[0]);
  EXPECT_EQ(of_worker.topic, Topic::kWorkerReady);
  EXPECT_EQ(of_worker.generation, 2u);
  ASSERT_TRUE(of_worker.worker.has_value());
  EXPECT_EQ(of_worker.worker->slot, 5u);
  EXPECT_EQ(of_worker.worker->index, 1u);
  EXPECT_EQ(of_worker.worker->pid, 4711);
  const auto& of_generation = std::get<LogAction>(actions[1]);
  EXPECT_EQ(of_generation.generation, 3u);
  EXPECT_FALSE(of_generation.worker.has_value());
}

TEST(Decision, DoesNotAnswerASignal) {
  Decision decision{TimePoint()};
  decision.Reply(0, {});
  EXPECT_TRUE(decision.TakeActions().empty());
}

TEST(Decision, GivesEachActionOnce) {
  Decision decision{TimePoint()};
  decision.Do(LoadAction{});
  EXPECT_EQ(decision.TakeActions().size(), 1u);
  EXPECT_TRUE(decision.TakeActions().empty());
}

}  // namespace
}  // namespace muster::master
