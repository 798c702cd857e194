#include <signal.h>
#include <sys/stat.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/load.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;

std::string BodyOf(const std::string& address, const std::string& path) {
  const auto response = FetchOnce(address, path);
  return response.has_value() ? response->body : "no response";
}

TEST(Reload, FailsNoRequestUnderLoadAndChangesWhatIsServed) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  ::mkdir(muster.path("second").c_str(), 0700);
  WriteFile(muster.path("second/index.html"), "<h1>second</h1>\n");
  const std::string first = RunningMaster::Config();
  std::string second = first;
  second.replace(second.find("root: \"site\""), 12, "root: \"second\"");
  Load load(muster.address(), "/", {.keep_alive = 2, .connection_per_request = 2});

  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(load.AwaitMore(100)) << "round " << round;
    muster.WriteConfig(round % 2 == 0 ? second : first);
    const Finished reload = muster.Ctl({"reload"});
    ASSERT_EQ(reload.exit, 0) << reload.errors;
    EXPECT_EQ(BodyOf(muster.address(), "/"),
              round % 2 == 0 ? "<h1>second</h1>\n" : "<h1>first</h1>\n");
  }
  ASSERT_TRUE(load.AwaitMore(100));
  load.Stop();

  EXPECT_EQ(load.failed(), 0u) << "of " << load.answered();
  EXPECT_EQ(load.closed(), 0u);
  EXPECT_EQ(muster.Status().master().generation(), 6u);
}

TEST(Reload, KeepsAnIdleConnectionOpen) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  HttpClient client(muster.address());
  ASSERT_TRUE(client.Get("/").has_value());

  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  ASSERT_TRUE(muster.AwaitStatus([](const admin::v1::Status& status) {
    return status.workers_size() == 2 && status.stats().total().adopted() >= 1;
  })) << muster.Status().DebugString();

  const auto response = client.Get("/");
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->headers.at("connection"), "keep-alive");
}

TEST(Reload, KeepsARequestOpenThatIsPartlyRead) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  HttpClient client(muster.address());
  ASSERT_TRUE(client.Send("GET / HTTP/1.1\r\nHos"));
  ASSERT_TRUE(muster.AwaitStatus(
      [](const admin::v1::Status& status) { return status.stats().total().reading() == 1; }));

  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  ASSERT_TRUE(client.Send("t: test\r\n\r\n"));

  const auto response = client.Receive();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 200);
}

TEST(Reload, LeavesNoWorkerOfTheOldGeneration) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();

  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);

  EXPECT_TRUE(muster.AwaitStatus([](const admin::v1::Status& status) {
    return status.workers_size() == 2 && status.workers(0).generation() == 2 &&
           status.workers(1).generation() == 2;
  })) << muster.Status().DebugString();
}

TEST(Reload, RefusesABadConfigurationWithItsLineAndKeepsServing) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::vector<pid_t> workers = muster.WorkerPids();
  muster.WriteConfig(RunningMaster::Config("worker_conections: 7"));

  const Finished reload = muster.Ctl({"reload"});

  EXPECT_EQ(reload.exit, 1);
  EXPECT_THAT(reload.errors, HasSubstr("muster.textproto:6:1: worker_conections"));
  EXPECT_THAT(reload.errors, HasSubstr("worker_connections"));
  EXPECT_EQ(muster.WorkerPids(), workers);
  EXPECT_EQ(BodyOf(muster.address(), "/"), "<h1>first</h1>\n");
  EXPECT_THAT(muster.Status().master().last_reload_error(), HasSubstr("worker_conections"));
}

TEST(Reload, IsUndoneWhenTheNewWorkersCannotServe) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::vector<pid_t> workers = muster.WorkerPids();
  // Only the worker finds out that it has no such service.
  std::string config = RunningMaster::Config();
  config.replace(config.find("http {"), std::string::npos,
                 "service { type_url: \"type.example/none\" }");
  muster.WriteConfig(config);

  const Finished reload = muster.Ctl({"reload"});

  EXPECT_EQ(reload.exit, 1);
  EXPECT_THAT(reload.errors, HasSubstr("service: this worker has no type.example/none"));
  EXPECT_EQ(BodyOf(muster.address(), "/"), "<h1>first</h1>\n");
  EXPECT_TRUE(muster.AwaitStatus(
      [&](const admin::v1::Status& status) { return status.workers_size() == 2; }));
  EXPECT_EQ(muster.WorkerPids(), workers);
}

TEST(Reload, IsAskedForByHangup) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();

  muster.master().Signal(SIGHUP);

  EXPECT_TRUE(muster.AwaitStatus(
      [](const admin::v1::Status& status) { return status.master().generation() == 2; }));
}

TEST(Reload, IsAskedForByTheMastersOwnFlagWhichTellsTheOutcome) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::vector<std::string> reload = {"-c", muster.path("muster.textproto"), "-s", "reload"};

  EXPECT_EQ(muster.Master(reload).exit, 0);
  EXPECT_EQ(muster.Status().master().generation(), 2u);
  muster.WriteConfig("listen {");
  EXPECT_EQ(muster.Master(reload).exit, 1);
  EXPECT_EQ(muster.Status().master().generation(), 2u);
}

TEST(Reload, MovesAListenerToAnotherAddress) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string old_address = muster.address();
  muster.WriteConfig(RunningMaster::Config("listen { address: \"127.0.0.2:0\" }"));

  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);

  const admin::v1::Status status = muster.Status();
  ASSERT_EQ(status.master().listen_size(), 2) << status.DebugString();
  EXPECT_EQ(status.master().listen(0), old_address);
  EXPECT_EQ(BodyOf(status.master().listen(0), "/"), "<h1>first</h1>\n");
  EXPECT_EQ(BodyOf(status.master().listen(1), "/"), "<h1>first</h1>\n");
}

}  // namespace
}  // namespace muster::tests
