// What docs/CTL.md says that each command prints, of the real master.

#include <signal.h>

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "tests/support/http_client.h"
#include "tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
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

TEST_F(Operator, SeesMasterAndWorkersInStatus) {
  ASSERT_TRUE(FetchOnce(muster_.address(), "/").has_value());
  EXPECT_THAT(Ctl({"status"}),
              MatchesRegex("master      running, pid [0-9]+, up [0-9a-z]+, muster [0-9.]+\n"
                           "config      /[^\n]*/muster\\.textproto \\(generation 1\\)\n"
                           "listen      127\\.0\\.0\\.1:[0-9]+\n"
                           "workers     2 of 2 serving\n"
                           "clients     [0-9]+ connected \\([^\n]*\\), 1 requests? so far\n"
                           "\n"
                           "GEN +SLOT +PID +STATE +AGE +RESTARTS +ACTIVE +REQUESTS +LAST EXIT\n"
                           " *1 +0 +[0-9]+ +serving [^\n]*  -\n"
                           " *1 +1 +[0-9]+ +serving [^\n]*  -\n"));
}

TEST_F(Operator, SeesACrashWithItsSignal) {
  ::kill(muster_.WorkerPids().at(0), SIGKILL);
  ASSERT_TRUE(muster_.AwaitStatus(
      [](const admin::v1::Status& status) { return status.stats().crashes() == 1; }));
  const std::string status = Ctl({"status"});
  EXPECT_THAT(status, HasSubstr("\ncrashes "));
  EXPECT_THAT(status, HasSubstr("killed by SIGKILL"));
}

TEST_F(Operator, SeesTheWorkersAlone) {
  EXPECT_THAT(Ctl({"workers"}), MatchesRegex("GEN +SLOT [^\n]*\n *1 +0 [^\n]*\n *1 +1 [^\n]*\n"));
}

TEST_F(Operator, SeesTheCountersOfEachSlotAndTheirSum) {
  ASSERT_TRUE(FetchOnce(muster_.address(), "/").has_value());
  EXPECT_THAT(Ctl({"stats"}),
              MatchesRegex("SLOT +ACCEPTED +HANDLED +REQUESTS +ACTIVE +READING +WRITING +WAITING "
                           "+RECEIVED +SENT +CUT OFF\n"
                           "0 [^\n]*\n1 [^\n]*\n"
                           "total +1 +1 +1 [^\n]* 0\n"
                           "\n0 reloads[^\n]*; 0 crashes\n"));
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

}  // namespace
}  // namespace muster::tests
