#include "muster/master/deployment/single_mode.h"

#include "gtest/gtest.h"

namespace muster::master {
namespace {

TEST(SingleMode, HasOneWorkerThatMayBeStoppedForAsLongAsItTakes) {
  config::v1::Config config;
  config.set_worker_processes(4);
  config.mutable_ready_timeout()->set_nanos(100'000'000);
  config.mutable_shutdown_timeout()->set_seconds(1);
  config.mutable_heartbeat_timeout()->set_seconds(1);
  config.set_hung_worker(config::v1::KILL);
  config.mutable_trial()->mutable_duration()->set_seconds(60);
  MakeSingle(config);
  EXPECT_EQ(config.worker_processes(), 1u);
  for (const auto& duration :
       {config.ready_timeout(), config.shutdown_timeout(), config.drain_ack_timeout()}) {
    EXPECT_EQ(duration.seconds(), 365 * 86'400);
    EXPECT_EQ(duration.nanos(), 0);
  }
  EXPECT_TRUE(config.has_heartbeat_timeout());
  EXPECT_EQ(config.heartbeat_timeout().seconds(), 0);
  EXPECT_EQ(config.hung_worker(), config::v1::REPORT);
  EXPECT_FALSE(config.has_trial());
}

TEST(SingleMode, LeavesTheRestAsItIs) {
  config::v1::Config config;
  config.set_pid_file("/run/a.pid");
  config.add_listen()->set_address("127.0.0.1:0");
  MakeSingle(config);
  EXPECT_EQ(config.pid_file(), "/run/a.pid");
  EXPECT_EQ(config.listen_size(), 1);
}

}  // namespace
}  // namespace muster::master
