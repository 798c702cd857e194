// What docs/CTL.md says that each command prints, of the real master.

#include <signal.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

class Operator : public ::testing::Test {
 protected:
  Operator() { EXPECT_TRUE(muster_.Start()) << muster_.master().errors(); }

  // What a command prints that exits with 0.
  std::string Ctl(const std::vector<std::string>& arguments) {
    const Finished finished = muster_.Ctl(arguments);
    EXPECT_EQ(finished.exit, 0) << finished.errors;
    EXPECT_THAT(finished.errors, IsEmpty());
    return finished.output;
  }

  RunningMaster muster_;
};

// Four clients: one has its answer and keeps its connection, the others are in the middle of a
// request's head, of its body, and of an answer.
class CutClients {
 public:
  explicit CutClients(RunningMaster& muster)
      : idle_(muster.address()),
        head_(muster.address()),
        body_(muster.address()),
        answer_(muster.address()) {
    const std::string large = muster.path("site/large");
    EXPECT_TRUE(std::ofstream(large).put('x'));
    std::filesystem::resize_file(large, 64 << 20);
    answer_.ShrinkReceiveBuffer();
    EXPECT_TRUE(idle_.Get("/").has_value());
    EXPECT_TRUE(head_.Send("GET / HT"));
    EXPECT_TRUE(body_.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n1"));
    EXPECT_TRUE(answer_.Send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_TRUE(muster.AwaitStatus([](const admin::v1::Status& status) {
      const auto& total = status.stats().total();
      return total.waiting() == 1 && total.reading() == 2 && total.writing() == 1;
    })) << muster.Status().DebugString();
  }

 private:
  HttpClient idle_;
  HttpClient head_;
  HttpClient body_;
  HttpClient answer_;
};

TEST_F(Operator, SeesMasterAndWorkersInStatus) {
  ASSERT_TRUE(FetchOnce(muster_.address(), "/").has_value());
  EXPECT_THAT(Ctl({"status"}),
              MatchesRegex("master      running, pid [0-9]+, up [0-9a-z]+, muster [0-9.]+\n"
                           "config      /[^\n]*/muster\\.textproto \\(generation 1\\)\n"
                           "listen      127\\.0\\.0\\.1:[0-9]+\n"
                           "workers     2 of 2 serving\n"
                           "clients     [0-9]+ connected \\([^\n]*\\), 1 requests? so far\n"
                           "\n"
                           "WORKER +GEN +SLOT +PID +STATE +AGE +RESTARTS +ACTIVE +REQUESTS +P50 "
                           "+P99 +LAST EXIT +SERVES\n"
                           "0 +1 +0 +[0-9]+ +serving [^\n]*  -\n"
                           "1 +1 +1 +[0-9]+ +serving [^\n]*  -\n"));
}

TEST_F(Operator, SeesACrashWithItsSignal) {
  ::kill(muster_.WorkerPids().at(0), SIGKILL);
  ASSERT_TRUE(muster_.AwaitStatus(
      [](const admin::v1::Status& status) { return status.stats().crashes() == 1; }));
  const std::string status = Ctl({"status"});
  EXPECT_THAT(status, HasSubstr("\ncrashes "));
  EXPECT_THAT(status, HasSubstr("killed by SIGKILL"));
}

TEST_F(Operator, SeesTheSameNumbersInProcessTitlesAndInTheLogAfterAReload) {
  Ctl({"reload"});
  ASSERT_TRUE(muster_.AwaitStatus(
      [](const admin::v1::Status& status) { return status.workers_size() == 2; }));
  const std::vector<pid_t> pids = muster_.WorkerPids();  // in slots 2 and 3
  for (std::size_t i = 0; i < pids.size(); ++i) {
    EXPECT_EQ(ReadFile(absl::StrCat("/proc/", pids[i], "/cmdline")).c_str(),
              absl::StrCat("muster: worker process ", i, " (generation 2)"));
  }
  ::kill(pids[1], SIGKILL);
  ASSERT_TRUE(muster_.AwaitStatus(
      [](const admin::v1::Status& status) { return status.stats().crashes() == 1; }));
  EXPECT_THAT(muster_.master().errors(),
              HasSubstr(absl::StrCat(" warning worker 1 of generation 2 (pid ", pids[1],
                                     ") was killed by SIGKILL; starting it again in 100ms\n")));
}

TEST_F(Operator, SeesWhatAWorkerCountedBeforeItCrashedAsItsOwn) {
  ASSERT_TRUE(FetchOnce(muster_.address(), "/").has_value());
  for (const pid_t pid : muster_.WorkerPids()) ::kill(pid, SIGKILL);
  ASSERT_TRUE(muster_.AwaitStatus([](const admin::v1::Status& status) {
    return status.workers_size() == 2 && status.workers(0).restarts() == 1 &&
           status.workers(1).restarts() == 1;
  }));
  EXPECT_THAT(Ctl({"workers"}), Not(HasSubstr("ended")));
  EXPECT_THAT(Ctl({"stats"}), HasSubstr("\n0 reloads, 0 refused; 2 crashes\n"));
}

TEST_F(Operator, SeesTheWorkersAlone) {
  EXPECT_THAT(Ctl({"workers"}), MatchesRegex("WORKER +GEN [^\n]*\n0 +1 [^\n]*\n1 +1 [^\n]*\n"));
}

TEST_F(Operator, SeesTheCountersOfEachWorkerAndTheirSum) {
  ASSERT_TRUE(FetchOnce(muster_.address(), "/").has_value());
  EXPECT_THAT(
      Ctl({"stats"}),
      MatchesRegex(
          "WORKER +GEN +SLOT +ACCEPTED +HANDLED +REQUESTS +ACTIVE +READING +WRITING +WAITING "
          "+RECEIVED +SENT +CUT OFF +P50 +P99\n"
          "0 +1 +0 [^\n]*\n1 +1 +1 [^\n]*\n"
          "total +- +- +1 +1 +1 [^\n]* 0 +[0-9.]+[mu]?s +[0-9.]+[mu]?s\n"
          "\n0 reloads[^\n]*; 0 crashes\n"));
}

TEST_F(Operator, SeesWorkersByTheirNumbersAfterAReloadAndThoseThatEndedInOneRow) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(FetchOnce(muster_.address(), "/").has_value());
  const auto is_drained = [](const admin::v1::Status& status) {
    return status.workers_size() == 2;
  };
  Ctl({"reload"});
  ASSERT_TRUE(muster_.AwaitStatus(is_drained)) << muster_.Status().DebugString();
  ASSERT_TRUE(FetchOnce(muster_.address(), "/").has_value());

  EXPECT_THAT(Ctl({"workers"}), MatchesRegex("WORKER [^\n]*\n"
                                             "0 +2 +2 [^\n]*\n"
                                             "1 +2 +3 [^\n]*\n"
                                             "ended +- +- +- +- +- +- +0 +3 +- +- +- +-\n"));
  EXPECT_THAT(Ctl({"stats"}), MatchesRegex("WORKER [^\n]*\n"
                                           "0 +2 +2 [^\n]*\n"
                                           "1 +2 +3 [^\n]*\n"
                                           "ended +- +- +3 +3 +3 [^\n]*\n"
                                           "total +- +- +4 +4 +4 [^\n]*\n"
                                           "\n1 reload, 0 refused; 0 crashes\n"));

  // Their successors are in the slots of the first ones, and count from zero.
  Ctl({"reload"});
  ASSERT_TRUE(muster_.AwaitStatus(is_drained)) << muster_.Status().DebugString();
  EXPECT_THAT(Ctl({"workers"}),
              MatchesRegex("WORKER [^\n]*\n"
                           "0 +3 +0 +[0-9]+ +serving +[^ ]+ +0 +0 +0 +- +- +- +-\n"
                           "1 +3 +1 +[0-9]+ +serving +[^ ]+ +0 +0 +0 +- +- +- +-\n"
                           "ended +- +- +- +- +- +- +0 +4 +- +- +- +-\n"));
}

TEST_F(Operator, IsToldTheGenerationThatAReloadMade) {
  EXPECT_THAT(Ctl({"reload"}),
              MatchesRegex("generation 2 serves: 2 workers ready in [0-9.]+m?s\n"));
}

TEST_F(Operator, IsToldEachMistakeOfARefusedReload) {
  muster_.WriteConfig("lisen {}\nlisten { address: \"127.0.0.1:70000\" }\n");
  const Finished reload = muster_.Ctl({"reload"});
  EXPECT_EQ(reload.exit, 1);
  EXPECT_THAT(reload.errors, StartsWith("ctl: reload refused, generation 1 goes on serving:\n"));
  EXPECT_THAT(reload.errors, HasSubstr("muster.textproto:1:1: lisen: "));
  EXPECT_THAT(reload.errors, HasSubstr("muster.textproto:2:19: listen[0].address: "));
  EXPECT_THAT(Ctl({"status"}), HasSubstr("\nrefused "));
}

TEST_F(Operator, IsToldWhoOpenedTheLogsAgain) {
  EXPECT_EQ(Ctl({"reopen"}), "log files opened again by the master and 2 workers\n");
}

TEST_F(Operator, QuitsAndIsToldHowTheWorkersEnded) {
  EXPECT_THAT(Ctl({"quit"}), StartsWith("the master has ended: 2 workers exited, 0 killed"));
  EXPECT_EQ(muster_.master().Wait(), 0);
}

TEST_F(Operator, StopsAndIsToldHowTheWorkersEnded) {
  EXPECT_THAT(Ctl({"stop"}), StartsWith("the master has ended: 2 workers exited, 0 killed"));
  EXPECT_EQ(muster_.master().Wait(), 0);
}

TEST_F(Operator, IsToldWhatAStopCutOff) {
  const CutClients clients(muster_);
  EXPECT_EQ(Ctl({"stop"}),
            "the master has ended: 2 workers exited, 0 killed, 4 connections and 3 requests cut "
            "off\n");
  EXPECT_THAT(muster_.master().errors(),
              HasSubstr("the workers have ended: 2 exited, 0 killed, 4 connections and 3 requests "
                        "cut off\n"));
}

TEST_F(Operator, IsToldWhatAQuitCutOffAtItsDeadline) {
  muster_.WriteConfig(RunningMaster::Config("shutdown_timeout { nanos: 50000000 }"));
  Ctl({"reload", "--wait", "drained"});
  const CutClients clients(muster_);
  // A quit closes the idle one in order.
  EXPECT_EQ(Ctl({"quit"}),
            "the master has ended: 2 workers exited, 0 killed, 3 connections and 3 requests cut "
            "off\n");
}

TEST_F(Operator, GetsTheWholeAnswerAsJson) {
  admin::v1::Stats stats;
  const auto status =
      google::protobuf::util::JsonStringToMessage(Ctl({"-o", "json", "stats"}), &stats);
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(stats.slots_size(), 2);
}

TEST_F(Operator, ExitsWithThreeWhereNoMasterIs) {
  ASSERT_EQ(muster_.Ctl({"stop"}).exit, 0);
  const Finished status = muster_.Ctl({"status"});
  EXPECT_EQ(status.exit, 3);
  EXPECT_THAT(status.errors, StartsWith("ctl: no master there"));
}

TEST_F(Operator, ExitsWithTwoAfterAWrongCommand) { EXPECT_EQ(muster_.Ctl({"stauts"}).exit, 2); }

TEST_F(Operator, PausesAndResumesWithoutReadingTheConfigurationAgain) {
  EXPECT_EQ(Ctl({"pause"}),
            "paused, nobody serves: 2 workers exited, 0 killed, 0 connections and 0 requests cut "
            "off\n");
  EXPECT_THAT(Ctl({"status"}), StartsWith("master      paused, "));
  // A client that comes now waits.
  HttpClient client(muster_.address());
  ASSERT_TRUE(client.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  muster_.WriteConfig("this is no configuration");
  EXPECT_THAT(Ctl({"resume"}),
              MatchesRegex("generation 2 serves: 2 workers ready in [0-9.]+m?s\n"));
  const std::optional<HttpResponse> response = client.Receive();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 200);
}

TEST_F(Operator, IsToldWhenThereIsNothingToResume) {
  const Finished finished = muster_.Ctl({"resume"});
  EXPECT_EQ(finished.exit, 1);
  EXPECT_EQ(finished.errors, "ctl: resume refused: the master is not paused\n");
}

}  // namespace
}  // namespace muster::tests
