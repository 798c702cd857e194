// What of a master survives when its process executes another program, by a real exec:
// self_replacing.cc.

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/process/child_output.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class SurvivalTest : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/muster-survival-XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    folder_ = folder;
    ::setenv("FAKE_WORKER", "", 1);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string OutputOf(const std::string& what) const {
    const std::string program = std::filesystem::absolute("master/process/self_replacing");
    return OutputOfChild([&](int fd) {
      ChildPlan plan = {program, {"self_replacing", folder_, what}, {{fd, STDOUT_FILENO}}};
      plan.environment = {{"FAKE_WORKER="}};
      return Child::Start(plan);
    });
  }
  std::string LogText() const {
    std::ifstream file(folder_ + "/log");
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  std::string folder_;
};

TEST_F(SurvivalTest, TheWorkerItsUnsentMessagesThePidFileAndPendingSignals) {
  EXPECT_EQ(OutputOf("nothing"),
            "got SIGHUP\n"
            "has the same pid\n"
            "acknowledged 9\n"
            "the worker exited with code 0\n");
  EXPECT_THAT(LogText(), MatchesRegex("[^\n]* of the first program\n[^\n]* of the next program\n"));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/pid")) << "the next program removes it";
}

TEST_F(SurvivalTest, TheStatusOfAWorkerThatDiedWhenNobodyWatchedIt) {
  EXPECT_THAT(OutputOf("killed"), HasSubstr("the worker killed by SIGKILL\n"));
}

TEST_F(SurvivalTest, NoChildThatTheNextProgramDoesNotKnow) {
  EXPECT_THAT(OutputOf("stranger"),
              MatchesRegex("stranger ([0-9]+)\ngot SIGHUP\nhas the same pid\n"
                           "ended stranger [0-9]+ by signal 9\nacknowledged 9\n"
                           "the worker exited with code 0\n"));
}

}  // namespace
}  // namespace muster::master
