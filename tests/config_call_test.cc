// What operators ask about the configuration, and a reload with one that they bring.

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/child_process.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class ConfigCall : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
    ::mkdir(muster_.path("second").c_str(), 0700);
    WriteFile(muster_.path("second/index.html"), "<h1>second</h1>\n");
  }

  // The usual configuration with another root.
  static std::string Second() {
    return absl::StrReplaceAll(RunningMaster::Config(), {{"root: \"site\"", "root: \"second\""}});
  }
  std::string Bring(const std::string& text, const std::string& name = "brought.textproto") {
    WriteFile(muster_.path(name), text);
    return muster_.path(name);
  }
  std::string Body() {
    const auto response = FetchOnce(muster_.address(), "/");
    return response.has_value() ? response->body : "no response";
  }

  RunningMaster muster_;
};

TEST_F(ConfigCall, ShowsWhatIsInForceAndThatTheFileWasChanged) {
  const Finished before = muster_.Ctl({"config", "show"});
  EXPECT_EQ(before.exit, 0) << before.errors;
  EXPECT_THAT(before.output, HasSubstr(absl::StrCat("# generation 1, from ",
                                                    muster_.path("muster.textproto"), "\n")));
  EXPECT_THAT(before.output, HasSubstr("worker_connections: 4096\n"));
  EXPECT_THAT(before.output,
              HasSubstr(absl::StrCat("# sha256 ", muster_.Status().master().config_hash(), "\n")));

  muster_.WriteConfig(Second());
  const Finished after = muster_.Ctl({"config", "show"});
  EXPECT_THAT(after.output,
              AllOf(HasSubstr("the file was changed since"), Not(HasSubstr("/second\""))));
}

TEST_F(ConfigCall, ShowsWhatCanBeUsedAsItIs) {
  const Finished shown = muster_.Ctl({"config", "show"});
  const std::string hash = muster_.Status().master().config_hash();
  EXPECT_EQ(hash.size(), 64u);
  const Finished reload = muster_.Ctl({"reload", "--config", Bring(shown.output)});
  EXPECT_EQ(reload.exit, 0) << reload.errors;
  EXPECT_EQ(muster_.Status().master().generation(), 2u);
  EXPECT_EQ(muster_.Status().master().config_hash(), hash);
}

TEST_F(ConfigCall, ChecksTheFileAndChangesNothing) {
  const Finished good = muster_.Ctl({"config", "check"});
  EXPECT_EQ(good.exit, 0) << good.errors;
  EXPECT_THAT(good.output, HasSubstr(" is good, and is in force; not checked: "));

  muster_.WriteConfig("lisen {}\n" + Second() + "pid_file: 'other.pid'\n");
  const Finished bad = muster_.Ctl({"config", "check"});
  EXPECT_EQ(bad.exit, 1);
  EXPECT_THAT(bad.errors,
              HasSubstr(absl::StrCat(muster_.path("muster.textproto"),
                                     ":1:1: lisen: is unknown; did you mean \"listen\"?\n")));
  EXPECT_EQ(Body(), "<h1>first</h1>\n");
  EXPECT_EQ(muster_.Status().master().generation(), 1u);
}

TEST_F(ConfigCall, ChecksWhatAReloadCannotChange) {
  const std::string file =
      Bring(absl::StrReplaceAll(Second(), {{"\"muster.pid\"", "\"other.pid\""}}));
  const Finished check = muster_.Ctl({"config", "check", file});
  EXPECT_EQ(check.exit, 1);
  EXPECT_THAT(check.errors, HasSubstr(absl::StrCat(
                                file, ":5:11: pid_file: cannot change while the master runs")));
}

TEST_F(ConfigCall, ChecksATextThatItIsSent) {
  const std::string file = Bring(Second());
  const Finished good = muster_.Ctl({"config", "check", file});
  EXPECT_EQ(good.exit, 0) << good.errors;
  EXPECT_THAT(good.output, HasSubstr(absl::StrCat("the configuration ", file, " is good; ")));
  const Finished bad = muster_.Ctl({"config", "check", Bring("{\"listen\": 5}", "bad.json")});
  EXPECT_EQ(bad.exit, 1);
  EXPECT_THAT(bad.errors, HasSubstr("bad.json:1:"));
}

TEST_F(ConfigCall, TellsHowTheFileAndATextDifferFromWhatIsInForce) {
  const Finished same = muster_.Ctl({"config", "diff"});
  EXPECT_EQ(same.exit, 0) << same.errors;
  EXPECT_EQ(same.output, "");

  const std::string lines =
      absl::StrCat("\n-http.location[\"/\"].root: \"", muster_.path("site"),
                   "\"\n+http.location[\"/\"].root: \"", muster_.path("second"), "\"\n");
  const std::string file = Bring(Second());
  const Finished brought = muster_.Ctl({"config", "diff", file});
  EXPECT_EQ(brought.exit, 1) << brought.errors;
  EXPECT_THAT(brought.output, HasSubstr(absl::StrCat("\n+++ ", file, lines)));

  muster_.WriteConfig(Second());
  const Finished changed = muster_.Ctl({"config", "diff"});
  EXPECT_EQ(changed.exit, 1) << changed.errors;
  EXPECT_THAT(changed.output,
              HasSubstr(absl::StrCat("\n+++ ", muster_.path("muster.textproto"), lines)));
  EXPECT_EQ(muster_.Ctl({"reload"}).exit, 0);
  EXPECT_EQ(muster_.Ctl({"config", "diff"}).exit, 0) << "it is in force now";

  const Finished bad = muster_.Ctl({"config", "diff", Bring("lisen {}\n" + Second())});
  EXPECT_EQ(bad.exit, 2);
  EXPECT_THAT(bad.errors, HasSubstr(":1:1: lisen: is unknown"));
}

TEST_F(ConfigCall, ReloadsOnlyWhatTheCallerHasLookedAt) {
  const std::string seen = muster_.Status().master().config_hash();
  const std::string file = Bring(Second());
  ASSERT_EQ(muster_.Ctl({"reload", "--if-generation", "1", "--if-hash", seen}).exit, 0);
  ASSERT_EQ(muster_.Ctl({"reload", "--if-hash", seen, "--config", file}).exit, 0);

  const Finished late = muster_.Ctl({"reload", "--if-generation", "1"});
  EXPECT_EQ(late.exit, 1);
  EXPECT_EQ(late.errors, "ctl: reload refused: generation 3 serves, not 1\n");
  const Finished other = muster_.Ctl({"reload", "--if-hash", seen, "--config", file});
  EXPECT_EQ(other.exit, 1);
  EXPECT_EQ(other.errors,
            absl::StrCat("ctl: reload refused: the configuration in force is ",
                         muster_.Status().master().config_hash(), ", not ", seen, "\n"));
  EXPECT_EQ(muster_.Ctl({"reload", "--if-hash", std::string(64, 'a')}).exit, 1);
  EXPECT_EQ(muster_.Status().master().generation(), 3u);
  EXPECT_EQ(muster_.Status().stats().reloads_refused(), 0u);
}

TEST_F(ConfigCall, ReloadsATextUntilTheFileIsReadAgain) {
  const Finished reload = muster_.Ctl({"reload", "--config", Bring(Second())});
  ASSERT_EQ(reload.exit, 0) << reload.errors;
  EXPECT_EQ(Body(), "<h1>second</h1>\n");
  EXPECT_TRUE(muster_.Status().master().is_config_from_call());
  EXPECT_THAT(muster_.Ctl({"config", "show"}).output, HasSubstr("came with a call, not from "));
  EXPECT_THAT(
      muster_.master().errors(),
      AllOf(HasSubstr("reloading with a configuration that came with a call"),
            HasSubstr(absl::StrCat("configuration ", muster_.Status().master().config_hash(),
                                   " is in force; it came with a call"))));

  ASSERT_EQ(muster_.Ctl({"reload"}).exit, 0);
  EXPECT_EQ(Body(), "<h1>first</h1>\n");
  EXPECT_FALSE(muster_.Status().master().is_config_from_call());
}

TEST_F(ConfigCall, SetsTheLevelOfTheLogUntilTheNextReload) {
  EXPECT_EQ(muster_.Status().master().log_level(), admin::v1::Event::INFO);
  const Finished set = muster_.Ctl({"log-level", "debug"});
  EXPECT_EQ(set.output,
            "the log has lines from level debug on, until the next reload; it was info\n")
      << set.errors;
  EXPECT_EQ(muster_.Status().master().log_level(), admin::v1::Event::DEBUG);
  // The master tells of a worker that it starts.
  ::kill(muster_.WorkerPids().front(), SIGKILL);
  ASSERT_TRUE(muster_.AwaitStatus([](const admin::v1::Status& status) {
    return status.stats().crashes() == 1 && status.workers(0).state() == admin::v1::Worker::SERVING;
  }));
  EXPECT_THAT(muster_.master().errors(), HasSubstr(" was started in slot "));
  ASSERT_EQ(muster_.Ctl({"reload"}).exit, 0);
  EXPECT_EQ(muster_.Status().master().log_level(), admin::v1::Event::INFO);
}

TEST_F(ConfigCall, RefusesATextWithItsMistakes) {
  const std::string file = Bring("lisen {}\n" + Second());
  const Finished reload = muster_.Ctl({"reload", "--config", file});
  EXPECT_EQ(reload.exit, 1);
  EXPECT_THAT(reload.errors,
              HasSubstr(absl::StrCat("reload refused, generation 1 goes on serving: ", file,
                                     ":1:1: lisen: is unknown")));
  EXPECT_EQ(Body(), "<h1>first</h1>\n");
}

TEST_F(ConfigCall, AnswersAReloadThatWaitsWhenTheOldWorkersAreGone) {
  const std::vector<pid_t> old = muster_.WorkerPids();
  HttpClient client(muster_.address());
  ASSERT_TRUE(client.Get("/").has_value());
  const Finished reload = muster_.Ctl({"reload", "--wait", "drained"});
  ASSERT_EQ(reload.exit, 0) << reload.errors;
  for (const pid_t pid : old) EXPECT_TRUE(::kill(pid, 0) != 0 && errno == ESRCH) << pid;
  EXPECT_THAT(reload.output,
              HasSubstr("of the old workers 2 exited and 0 were killed, 0 connections cut off\n"));
  EXPECT_TRUE(client.Get("/").has_value()) << "it was handed off";
}

// A client that reads nothing of a long answer: its connection cannot be handed off.
class DrainingConfigCall : public ConfigCall {
 protected:
  void Begin(const std::string& more) {
    WriteFile(muster_.path("site/large"), "");
    ASSERT_EQ(::truncate(muster_.path("site/large").c_str(), 256 << 20), 0);
    muster_.WriteConfig(RunningMaster::Config(more));
    ASSERT_EQ(muster_.Ctl({"reload"}).exit, 0);
    client_.emplace(muster_.address());
    ASSERT_TRUE(client_->Send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n"));
    ASSERT_TRUE(muster_.AwaitStatus(
        [](const admin::v1::Status& status) { return status.stats().total().writing() == 1; }));
  }

  std::optional<HttpClient> client_;
};

TEST_F(DrainingConfigCall, CountsWhatTheOldWorkersCutOff) {
  ASSERT_NO_FATAL_FAILURE(Begin("shutdown_timeout {}\n"));
  const Finished reload = muster_.Ctl({"reload", "--wait", "drained"});
  ASSERT_EQ(reload.exit, 0) << reload.errors;
  EXPECT_THAT(reload.output, HasSubstr("1 connection cut off\n"));
}

TEST_F(DrainingConfigCall, TellsWhoIsLeftWhenTheCallDoesNotWaitSoLong) {
  ASSERT_NO_FATAL_FAILURE(Begin(""));
  const Finished reload = muster_.Ctl({"--timeout", "5s", "reload", "--wait", "drained"});
  EXPECT_EQ(reload.exit, 0) << reload.errors;
  EXPECT_THAT(reload.output,
              AllOf(HasSubstr("generation 3 serves: "),
                    ContainsRegex("warning: worker [01] of generation 2 \\(pid [0-9]+\\) has not "
                                  "ended before the deadline of its call came\n")));
}

TEST_F(ConfigCall, KeepsTheLockOfThePidFileWhenItChecks) {
  ASSERT_EQ(muster_.Ctl({"config", "check"}).exit, 0);
  const Finished second = muster_.Master({"-c", muster_.path("muster.textproto")});
  EXPECT_EQ(second.exit, 1);
  EXPECT_THAT(second.errors, HasSubstr("already runs this configuration"));
}

}  // namespace
}  // namespace muster::tests
