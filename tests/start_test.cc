#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string ConfigOn(const std::string& address) {
  std::string config = RunningMaster::Config();
  config.replace(config.find("127.0.0.1:0"), 11, address);
  return config;
}

TEST(Start, TellsWhoAlreadyListensThere) {
  RunningMaster first;
  ASSERT_TRUE(first.Start()) << first.master().errors();
  RunningMaster second(ConfigOn(first.address()));

  EXPECT_FALSE(second.Start());

  EXPECT_NE(second.master().Wait(), 0);
  EXPECT_THAT(second.master().errors(),
              AllOf(HasSubstr(first.address()), HasSubstr("Address already in use")));
}

TEST(Start, RefusesASecondMasterOfTheSameFolder) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();

  const Finished second = muster.Master({"-c", muster.path("muster.textproto")});

  EXPECT_GT(second.exit, 0);
  EXPECT_THAT(second.errors, HasSubstr(absl::StrCat(muster.master().pid())));
  EXPECT_TRUE(FetchOnce(muster.address(), "/").has_value());
  EXPECT_EQ(muster.Ctl({"status"}).exit, 0);
}

TEST(Start, GoesWellAfterAMasterThatWasKilled) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  muster.master().Signal(SIGKILL);
  ASSERT_EQ(muster.master().Wait(), -SIGKILL);

  ASSERT_TRUE(muster.Start()) << muster.master().errors();

  EXPECT_TRUE(FetchOnce(muster.address(), "/").has_value());
}

TEST(Start, MakesTheAdminSocketForItsOwnerAlone) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  struct stat socket = {};
  ASSERT_EQ(::stat(muster.path("admin.sock").c_str(), &socket), 0);
  EXPECT_EQ(socket.st_mode & 0777, 0600u);
}

TEST(Start, WritesItsPid) {
  RunningMaster muster;
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  EXPECT_EQ(ReadFile(muster.path("muster.pid")), absl::StrCat(muster.master().pid(), "\n"));
}

TEST(Start, FailsWithTheReasonWhenTheWorkersCannotServe) {
  RunningMaster muster;
  ASSERT_EQ(::mkdir(muster.path("access.log").c_str(), 0700), 0);

  EXPECT_FALSE(muster.Start());

  EXPECT_GT(muster.master().Wait(), 0);
  EXPECT_THAT(muster.master().errors(), HasSubstr("access.log: Is a directory"));
}

TEST(TestConfiguration, SaysThatAGoodOneIsGood) {
  RunningMaster muster;
  const Finished test = muster.Master({"-t", "-c", muster.path("muster.textproto")});
  EXPECT_EQ(test.exit, 0) << test.errors;
}

TEST(TestConfiguration, ListsEveryMistake) {
  RunningMaster muster(R"(
worker_processes: 1000
listen { address: "127.0.0.1:99999" }
acept: MUTEX
http {
  location { path: "x" root: "nowhere" }
}
)");

  const Finished test = muster.Master({"-t", "-c", muster.path("muster.textproto")});

  EXPECT_EQ(test.exit, 1);
  const std::string said = test.output + test.errors;
  EXPECT_THAT(said, HasSubstr("muster.textproto:2:"));
  EXPECT_THAT(said, HasSubstr("muster.textproto:3:"));
  EXPECT_THAT(said, HasSubstr("muster.textproto:4:1: acept"));
  EXPECT_THAT(said, HasSubstr("muster.textproto:6:20: http.location[0].path"));
  EXPECT_THAT(said, HasSubstr("muster.textproto:6:30: http.location[0].root"));
}

}  // namespace
}  // namespace muster::tests
