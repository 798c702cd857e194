// That a worker in its sandbox serves as one without, and that it is in it. What it may not do is
// in sandbox_test.cc.

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"
#include "muster/tests/support/sandbox_conditions.h"

namespace muster::tests {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

// The worker of the distribution, which asks for nothing.
class StockTest : public testing::Test {
 protected:
  void Start(const std::string& more = "", const std::string& http = "") {
    muster_.WriteConfig(RunningMaster::Config(more, http));
    ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  }
  std::vector<std::string> StatusOfWorkers() {
    std::vector<std::string> texts;
    for (const pid_t pid : muster_.WorkerPids()) texts.push_back(StatusOf(pid));
    return texts;
  }

  RunningMaster muster_;
};

TEST_F(StockTest, IsInASandboxFromTheBeginningAndAfterACrash) {
  NEEDS_A_SANDBOX();
  Start();
  EXPECT_THAT(StatusOfWorkers(),
              Each(AllOf(HasSubstr("Seccomp:\t2\n"), HasSubstr("NoNewPrivs:\t1\n"))));
  const pid_t killed = muster_.WorkerPids().at(0);
  ASSERT_EQ(::kill(killed, SIGKILL), 0);
  ASSERT_TRUE(muster_.AwaitStatus([&](const admin::v1::Status& status) {
    return status.workers_size() == 2 && status.workers(0).pid() != killed &&
           status.workers(0).state() == admin::v1::Worker::SERVING;
  }));
  EXPECT_THAT(StatusOfWorkers(), Each(HasSubstr("Seccomp:\t2\n")));
}

TEST_F(StockTest, SaysNothingOfASandboxThatIsWhole) {
  NEEDS_A_SANDBOX();
  if (!HasLandlock()) GTEST_SKIP() << "this kernel has no Landlock";
  Start();
  EXPECT_THAT(muster_.master().errors(), Not(HasSubstr("sandbox")));
}

TEST_F(StockTest, SaysThatThereIsNoneInABuildWithASanitizer) {
  if (!kHasSanitizer) GTEST_SKIP() << "this build has none";
  Start();
  EXPECT_THAT(muster_.master().errors(),
              HasSubstr("sandbox: is off: this program is built with a sanitizer"));
  EXPECT_THAT(StatusOfWorkers(), Each(HasSubstr("Seccomp:\t0\n")));
}

TEST_F(StockTest, ServesWithoutLandlockAndSaysItOnce) {
  NEEDS_A_SANDBOX();
  ASSERT_TRUE(muster_.Start(HideLandlock)) << muster_.master().errors();
  EXPECT_TRUE(FetchOnce(muster_.address(), "/index.html").has_value());
  const std::vector<std::string> parts = absl::StrSplit(
      muster_.master().errors(), "sandbox: this kernel has no Landlock, so workers may open files");
  EXPECT_EQ(parts.size(), 2) << muster_.master().errors();
}

TEST_F(StockTest, ServesListsAndLogs) {
  ::mkdir(muster_.path("site/folder").c_str(), 0755);
  WriteFile(muster_.path("site/folder/large.txt"), std::string(300'000, 'x'));
  WriteFile(muster_.path("missing.html"), "not here");
  Start("",
        "location { path: '/folder/' root: 'site' listing: true }\n"
        "error_page { status: 404 file: 'missing.html' }\n");
  HttpClient client(muster_.address());
  const auto large = client.Get("/folder/large.txt");
  ASSERT_TRUE(large.has_value());
  EXPECT_EQ(large->body.size(), 300'000U);
  const auto listing = client.Get("/folder/");
  ASSERT_TRUE(listing.has_value());
  EXPECT_THAT(listing->body, HasSubstr("large.txt"));
  const auto missing = client.Get("/none");
  ASSERT_TRUE(missing.has_value());
  EXPECT_EQ(missing->body, "not here");
  EXPECT_TRUE(muster_.AwaitStatus([&](const admin::v1::Status&) {
    return absl::StrContains(ReadFile(muster_.path("access.log")), "GET /folder/large.txt");
  }));
}

TEST_F(StockTest, OpensLogsAnewThatWereRenamed) {
  Start("log { path: 'error.log' }");
  for (const char* log : {"access.log", "error.log"}) {
    ASSERT_EQ(::rename(muster_.path(log).c_str(), muster_.path(absl::StrCat(log, ".1")).c_str()),
              0);
  }
  const Finished reopen = muster_.Ctl({"reopen"});
  EXPECT_EQ(reopen.exit, 0) << reopen.errors;
  ASSERT_TRUE(FetchOnce(muster_.address(), "/after-it").has_value());
  EXPECT_TRUE(muster_.AwaitStatus([&](const admin::v1::Status&) {
    return absl::StrContains(ReadFile(muster_.path("access.log")), "/after-it");
  }));
}

TEST_F(StockTest, OpensLogsAnewInAFolderThatWasReplaced) {
  muster_.WriteConfig(absl::StrReplaceAll(RunningMaster::Config(), {{"access.log", "logs/log"}}));
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  ASSERT_EQ(::rename(muster_.path("logs").c_str(), muster_.path("moved").c_str()), 0);
  const Finished reopen = muster_.Ctl({"reopen"});
  EXPECT_EQ(reopen.exit, 0) << reopen.errors;
  ASSERT_TRUE(FetchOnce(muster_.address(), "/after-it").has_value());
  EXPECT_TRUE(muster_.AwaitStatus([&](const admin::v1::Status&) {
    return absl::StrContains(ReadFile(muster_.path("logs/log")), "/after-it");
  }));
}

TEST_F(StockTest, HandsConnectionsOverAtAReload) {
  Start();
  HttpClient client(muster_.address());
  ASSERT_TRUE(client.Get("/").has_value());
  const Finished reload = muster_.Ctl({"reload", "--wait", "drained"});
  ASSERT_EQ(reload.exit, 0) << reload.errors;
  EXPECT_TRUE(client.Get("/").has_value());
  EXPECT_EQ(muster_.Status().stats().total().adopted(), 1);
}

TEST_F(StockTest, IsNotInOneAfterAReloadThatSwitchesItOff) {
  NEEDS_A_SANDBOX();
  Start();
  muster_.WriteConfig(RunningMaster::Config("sandbox: OFF"));
  ASSERT_EQ(muster_.Ctl({"reload", "--wait", "drained"}).exit, 0);
  EXPECT_THAT(StatusOfWorkers(), Each(HasSubstr("Seccomp:\t0\n")));
}

}  // namespace
}  // namespace muster::tests
