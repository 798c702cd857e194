// From one configuration to the next: who answers, and what the answer to a reload tells.

#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/load.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Serving(const std::string& body, const std::string& more) {
  return absl::StrReplaceAll(RunningMaster::ConfigOfOneWorker(more),
                             {{"root: \"site\"", absl::StrCat("return { body: \"", body, "\" }")}});
}

// Stops the process; returns when it is stopped.
void Freeze(pid_t pid) {
  ::kill(pid, SIGSTOP);
  for (std::string stat; stat.find(") T ") == std::string::npos;) {
    std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
    std::getline(file, stat);
  }
}

class Changeover : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Accept, Changeover, testing::Values("EXCLUSIVE", "MUTEX", "REUSEPORT"));

// One of two new workers is ready long before the other one makes the reload fail.
TEST_P(Changeover, AnswersNobodyByAConfigurationThatIsRefused) {
  const std::string accept = absl::StrCat("accept: ", GetParam(), "\n");
  const std::string worker = std::filesystem::absolute("worker/worker").string();
  RunningMaster muster(
      RunningMaster::Config(absl::StrCat(accept, "worker_binary: \"", worker, "\"\n")), "");
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const std::string lock = muster.path("lock");
  WriteFile(muster.path("half"), absl::StrCat("#!/bin/sh\nif mkdir ", lock, "; then exec ", worker,
                                              "; fi\nexec sleep 600\n"));
  ::chmod(muster.path("half").c_str(), 0700);
  muster.WriteConfig(absl::StrReplaceAll(
      RunningMaster::Config(
          absl::StrCat(accept, "worker_binary: \"half\" ready_timeout { nanos: 500000000 }\n")),
      {{"root: \"site\"", "return { status: 503 }"}}));
  Load load(muster.address(), "/", {.keep_alive = 1, .connection_per_request = 3});

  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(load.AwaitMore(20)) << "round " << round;
    const Finished reload = muster.Ctl({"reload"});
    ASSERT_EQ(reload.exit, 1) << reload.output;
    EXPECT_THAT(reload.errors, HasSubstr("was not ready within 500ms"));
    EXPECT_EQ(::rmdir(lock.c_str()), 0) << "the other one was started";
  }
  ASSERT_TRUE(load.AwaitMore(20));
  load.Stop();

  EXPECT_EQ(load.failed(), 0u) << "of " << load.answered();
  EXPECT_EQ(load.closed(), 0u);
}

TEST_P(Changeover, AnswersNobodyByTheOldConfigurationAfterTheReply) {
  const std::string more =
      absl::StrCat("accept: ", GetParam(), "\ndrain_ack_timeout { nanos: 100000000 }\n");
  RunningMaster muster(Serving("old", more));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const pid_t old = muster.WorkerPids().at(0);
  HttpClient idle(muster.address());
  ASSERT_TRUE(idle.Get("/").has_value());
  Freeze(old);
  muster.WriteConfig(Serving("new", more));

  const Finished reload = muster.Ctl({"reload"});
  ASSERT_EQ(reload.exit, 0) << reload.errors;
  EXPECT_THAT(reload.output,
              HasSubstr(absl::StrCat("\nwarning: worker 0 of generation 1 (pid ", old,
                                     ") has not begun to drain within 100ms\n")));
  // The kernel tells the old worker first, which waits at this listener longest.
  HttpClient late(muster.address());
  ASSERT_TRUE(late.Send("GET / HTTP/1.1\r\nHost: test\r\n\r\n"));
  ASSERT_TRUE(idle.Send("GET / HTTP/1.1\r\nHost: test\r\n\r\n"));
  ::kill(old, SIGCONT);

  for (HttpClient* client : {&late, &idle}) {
    const auto response = client->Receive();
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->body, "new");
  }
}

TEST(Reload, WarnsOfNothingWhenAllGoesWell) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();

  const Finished reload = muster.Ctl({"reload"});

  EXPECT_EQ(reload.exit, 0);
  EXPECT_THAT(reload.output, Not(HasSubstr("warning")));
}

TEST(Reload, TellsWhatItCutBeyondMaxGenerations) {
  RunningMaster muster(RunningMaster::ConfigOfOneWorker("max_generations: 2\n"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  HttpClient client(muster.address());
  ASSERT_TRUE(client.Send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nhalf"));
  ASSERT_TRUE(muster.AwaitStatus(
      [](const admin::v1::Status& status) { return status.stats().total().reading() == 1; }));

  EXPECT_THAT(muster.Ctl({"-o", "json", "reload"}).output,
              AllOf(HasSubstr("\"connectionsHeld\": \"1\""), HasSubstr("\"warning\": []")));
  const Finished second = muster.Ctl({"reload"});

  EXPECT_EQ(second.exit, 0);
  EXPECT_THAT(second.output, HasSubstr("\nwarning: generation 1 was ended at once, beyond "
                                       "max_generations, with 1 connection\n"));
}

}  // namespace
}  // namespace muster::tests
