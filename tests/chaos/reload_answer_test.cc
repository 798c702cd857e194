#include "muster/tests/chaos/reload_answer.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::tests::chaos {
namespace {

using admin::v1::ReloadResponse;
using admin::v1::Worker;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

ReloadResponse WithWarning(const std::string& warning) {
  ReloadResponse response;
  response.add_warning(warning);
  return response;
}

Worker Serving(pid_t pid, std::uint64_t generation) {
  Worker worker;
  worker.set_pid(pid);
  worker.set_generation(generation);
  worker.set_state(Worker::SERVING);
  return worker;
}

constexpr char kLate[] = "worker 0 of generation 1 (pid 11) has not begun to drain within 1s";

TEST(ReloadAnswer, LetsThoseAnswerAsBeforeThatHaveNotBegunToDrain) {
  const ReloadAnswer answer = Read(WithWarning(kLate), {.is_disturbed = true});
  EXPECT_THAT(answer.keepers, ElementsAre(11));
  EXPECT_THAT(answer.wrongs, IsEmpty());
  EXPECT_TRUE(TellsOfLateDrain(WithWarning(kLate)));
}

TEST(ReloadAnswer, IsWrongAboutALateWorkerIfNothingHasDisturbedIt) {
  EXPECT_THAT(Read(WithWarning(kLate), {}).wrongs,
              ElementsAre(std::string("unexpected warning: ") + kLate));
}

TEST(ReloadAnswer, CountsTheConnectionsThatWorkersKeep) {
  ReloadResponse response = WithWarning(
      "worker 1 of generation 1 (pid 12) goes on serving 2 connections, for which no new worker "
      "has room");
  EXPECT_THAT(Read(response, {}).wrongs,
              ElementsAre("a reload's answer has 1 warnings of kept connections, 0 connections"));
  response.set_connections_kept(2);
  const ReloadAnswer answer = Read(response, {});
  EXPECT_THAT(answer.wrongs, IsEmpty());
  EXPECT_THAT(answer.keepers, ElementsAre(12));
}

TEST(ReloadAnswer, AccountsForTheConnectionsOfAGenerationThatWasEnded) {
  const ReloadAnswer answer = Read(
      WithWarning("generation 1 was ended at once, beyond max_generations, with 3 connections"),
      {.drained = {Serving(11, 1), Serving(12, 2)}});
  EXPECT_THAT(answer.wrongs, IsEmpty());
  ASSERT_EQ(answer.reasons.size(), 1u);
  EXPECT_THAT(answer.reasons[0].holders, ElementsAre(11));
  EXPECT_EQ(answer.reasons[0].at_most, 3u);
}

TEST(ReloadAnswer, HasTheWorkersOfTheNewGeneration) {
  EXPECT_THAT(Read({}, {.workers = 2}).wrongs, ElementsAre("a reload's answer has 0 workers"));
}

TEST(ReloadAnswer, TellsOfEachWorkerThatWasStopped) {
  EXPECT_THAT(UntoldWorkers(WithWarning(kLate), {Serving(11, 1)}, {11}), IsEmpty());
  EXPECT_THAT(UntoldWorkers(WithWarning(kLate), {Serving(12, 1)}, {12}),
              ElementsAre("a reload's answer tells nothing of worker 0 (pid 12), which was stopped "
                          "until then"));
  EXPECT_THAT(UntoldWorkers({}, {Serving(12, 1)}, {}), IsEmpty());
}

}  // namespace
}  // namespace muster::tests::chaos
