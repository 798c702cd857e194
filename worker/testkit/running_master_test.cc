#include "muster/worker/testkit/running_master.h"

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/worker/testkit/line_client.h"

namespace muster::worker::testkit {
namespace {

using admin::v1::Event;
using ::testing::HasSubstr;

RunningMaster::Options Options() {
  return {.config = R"(
            worker_processes: 2
            listen { address: "127.0.0.1:0" name: "first" }
            listen { address: "127.0.0.1:0" name: "second" }
            service {}
          )",
          .worker = "worker/testing/stream_worker"};
}

TEST(RunningMaster, ServesAndReloads) {
  const auto master = RunningMaster::Start(Options());
  ASSERT_TRUE(master.ok()) << master.status();
  EXPECT_NE((*master)->address(0), (*master)->address(1));
  EXPECT_EQ((*master)->address(2), "");
  LineClient client((*master)->address(1));
  ASSERT_TRUE(client.is_connected());

  EXPECT_TRUE((*master)->Reload().ok());
  EXPECT_TRUE((*master)->AwaitOldWorkersEnd().ok());
  EXPECT_EQ((*master)->status().master().generation(), 2u);
  const auto first = (*master)->AwaitEvent(Event::GENERATION_SERVES);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->generation(), 1u);
  EXPECT_EQ((*master)->AwaitEvent(Event::GENERATION_SERVES)->generation(), 2u);

  EXPECT_TRUE((*master)->Quit().ok());
}

TEST(RunningMaster, SaysWhyAReloadIsRefused) {
  const auto master = RunningMaster::Start(Options());
  ASSERT_TRUE(master.ok()) << master.status();
  const absl::Status refused = (*master)->Reload(Options().config + "worker_proceses: 2");
  EXPECT_THAT(refused.message(), HasSubstr("worker_proceses: is unknown"));
  EXPECT_EQ((*master)->status().master().generation(), 1u);
  EXPECT_TRUE((*master)->Reload(Options().config).ok());
}

TEST(RunningMaster, KillsAWorkerAndHasAnotherInItsPlace) {
  const auto master = RunningMaster::Start(Options());
  ASSERT_TRUE(master.ok()) << master.status();
  EXPECT_TRUE((*master)->KillWorker(1).ok());
  const auto crash = (*master)->AwaitEvent(Event::WORKER_CRASHED);
  ASSERT_TRUE(crash.ok()) << crash.status();
  EXPECT_EQ(crash->worker().index(), 1u);
  EXPECT_EQ((*master)->status().stats().crashes(), 1u);
  EXPECT_TRUE(absl::IsNotFound((*master)->KillWorker(2)));
}

TEST(RunningMaster, SaysThatItHasEnded) {
  const auto master = RunningMaster::Start(Options());
  ASSERT_TRUE(master.ok()) << master.status();
  ASSERT_TRUE((*master)->Quit().ok());
  EXPECT_FALSE((*master)->status().has_master());
  EXPECT_EQ((*master)->address(), "");
  EXPECT_TRUE(absl::IsUnavailable((*master)->KillWorker(0)));
  EXPECT_FALSE((*master)->AwaitEvent(Event::WORKER_CRASHED).ok());
  EXPECT_FALSE((*master)->Reload().ok());
}

TEST(RunningMaster, SaysWhyItDoesNotStart) {
  RunningMaster::Options options = Options();
  options.config = "listen {}";
  EXPECT_THAT(RunningMaster::Start(options).status().message(), HasSubstr("muster.textproto:1:"));
  options.worker = "worker/testing/nothing";
  EXPECT_THAT(RunningMaster::Start(options).status().message(),
              HasSubstr("worker worker/testing/nothing: is no program"));
}

}  // namespace
}  // namespace muster::worker::testkit
