// What the real binary says of itself, and of arguments that it does not understand.

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ctl/command/command.h"
#include "muster/ctl/command/command_table.h"
#include "muster/ctl/testing/run_ctl.h"

namespace muster::ctl {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

TEST(CtlHelp, ExplainsExitCodesAndHasExamples) {
  const Result result = RunCtl({"--help"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("Examples:"), HasSubstr("Exit codes:"), HasSubstr("4 no answer"),
                    HasSubstr("MUSTER_MASTER"), HasSubstr("reload")));
}

TEST(CtlCommandHelp, HasTheSummaryAndExamplesOfEachCommand) {
  for (const Command* command : Commands().commands) {
    std::vector<std::string> arguments = absl::StrSplit(command->name, ' ');
    arguments.emplace_back("--help");
    const Result result = RunCtl(arguments);
    EXPECT_EQ(result.code, 0);
    EXPECT_THAT(result.out, AllOf(HasSubstr(command->summary), HasSubstr(command->details)));
  }
}

TEST(CtlCommandHelp, HasTheChoicesOfEachOption) {
  for (const Command* command : Commands().commands) {
    std::vector<std::string> arguments = absl::StrSplit(command->name, ' ');
    arguments.emplace_back("--help");
    const std::string help = RunCtl(arguments).out;
    for (const Parameter& parameter : command->parameters) {
      for (const auto choice : absl::StrSplit(parameter.choices, '|')) {
        EXPECT_THAT(help, HasSubstr(std::string(choice))) << parameter.name;
      }
    }
  }
  EXPECT_THAT(RunCtl({"reload", "--help"}).out, HasSubstr("(ready, drained)"));
  EXPECT_THAT(RunCtl({"--help"}).out, HasSubstr("(table, json)"));
}

class CtlWrongUsage : public ::testing::TestWithParam<std::vector<std::string>> {};

TEST_P(CtlWrongUsage, ExitsWithTwoAndSaysSo) {
  const Result result = RunCtl(GetParam());
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.error, Not(IsEmpty()));
}

INSTANTIATE_TEST_SUITE_P(
    Each, CtlWrongUsage,
    ::testing::Values(std::vector<std::string>{}, std::vector<std::string>{"rewind"},
                      std::vector<std::string>{"status", "now"},
                      std::vector<std::string>{"--frobnicate", "status"},
                      std::vector<std::string>{"-o", "yaml", "status"},
                      std::vector<std::string>{"--timeout", "5", "status"},
                      std::vector<std::string>{"--timeout", "0s", "status"},
                      std::vector<std::string>{"--master", "localhost:9000", "status"},
                      std::vector<std::string>{"--master", "nobody", "status"},
                      std::vector<std::string>{"--master", "localhost:", "status"},
                      std::vector<std::string>{"-m", "a", "-m", "b", "status"},
                      std::vector<std::string>{"events", "--from", "1", "--from", "2"},
                      std::vector<std::string>{"events", "--from", "one"},
                      std::vector<std::string>{"call"}, std::vector<std::string>{"call", "1", "2"},
                      std::vector<std::string>{"completion", "tcsh"},
                      std::vector<std::string>{"status", "stop"}));

// What a script passes whose variable is empty would be any generation, any hash, all zones.
INSTANTIATE_TEST_SUITE_P(
    EmptyValue, CtlWrongUsage,
    ::testing::Values(std::vector<std::string>{"reload", "--if-hash", ""},
                      std::vector<std::string>{"reload", "--if-generation", ""},
                      std::vector<std::string>{"reload", "--if-generation", "0"},
                      std::vector<std::string>{"reload", "--config", ""},
                      std::vector<std::string>{"config", "check", ""},
                      std::vector<std::string>{"call", ""}, std::vector<std::string>{"locks", ""},
                      std::vector<std::string>{"diagnose", ""}));

// What the command line alone tells to be wrong: no master is asked.
INSTANTIATE_TEST_SUITE_P(
    Number, CtlWrongUsage,
    ::testing::Values(std::vector<std::string>{"scale", "0"},
                      std::vector<std::string>{"scale", "257"},
                      std::vector<std::string>{"scale", "-1"},
                      std::vector<std::string>{"worker", "restart", "-1"},
                      std::vector<std::string>{"worker", "restart", "4294967296"},
                      std::vector<std::string>{"worker", "drain", "0", "--if-pid", "2147483648"},
                      std::vector<std::string>{"worker", "drain", "0", "--if-pid", ""},
                      std::vector<std::string>{"worker", "kill", "0", "--if-generation", "0"},
                      std::vector<std::string>{"rollback", "0"},
                      std::vector<std::string>{"rollback", "--if-generation", "0"},
                      std::vector<std::string>{"reload", "--if-hash", "abc"},
                      std::vector<std::string>{"events", "--from", "0"},
                      std::vector<std::string>{"top", "--count", "0"}));

// A command line, and what is printed about it.
struct Explained {
  std::vector<std::string> arguments;
  std::string error;
};

class CtlUsageIsExplained : public ::testing::TestWithParam<Explained> {};

TEST_P(CtlUsageIsExplained, WithWhatToWrite) {
  const Result result = RunCtl(GetParam().arguments);
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.error, "ctl: " + GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Each, CtlUsageIsExplained,
    ::testing::Values(
        Explained{{"scale", "0"},
                  "WORKERS: \"0\" is no whole number above 0\nSee ctl scale --help.\n"},
        Explained{{"scale", "300"},
                  "WORKERS: \"300\" is too large; at most 256\nSee ctl scale --help.\n"},
        Explained{{"--timeout", "1ns", "status"},
                  "--timeout: \"1ns\" is too short; at least 1ms\nSee ctl --help.\n"},
        Explained{{"--timeout", "-5s", "status"},
                  "--timeout: \"-5s\" is too short; at least 1ms\nSee ctl --help.\n"},
        Explained{{"--timeout", "inf", "status"},
                  "--timeout: \"inf\" is too long; at most 720h\nSee ctl --help.\n"},
        Explained{{"--timeout", "5", "status"},
                  "--timeout: \"5\" has no unit; write 5s\nSee ctl --help.\n"},
        Explained{{"--timeout", "5d", "status"},
                  "--timeout: \"5d\" is no duration; write 500ms, 30s, 2m\nSee ctl --help.\n"},
        Explained{{"top", "--interval", "1ms"},
                  "--interval: \"1ms\" is too short; at least 100ms\nSee ctl top --help.\n"},
        Explained{{"worker", "restrat", "3"},
                  "unknown command \"restrat\"; did you mean \"restart\"?\nSee ctl worker "
                  "--help.\n"},
        Explained{{"worker", "restart"}, "NUMBER is missing\nSee ctl worker restart --help.\n"}));

TEST(CtlUsage, RefusesWhatNoCallCanBring) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"call", "caf\xe9"}, {"locks", "caf\xe9"}}) {
    const Result result = RunCtl(arguments);
    EXPECT_EQ(result.code, 2);
    EXPECT_THAT(result.error, HasSubstr("\"caf\\xe9\" is not UTF-8")) << arguments[0];
  }
}

TEST(CtlUsage, ShowsWhatCouldCommandTheTerminal) {
  EXPECT_THAT(RunCtl({"\x1b[2J"}).error, HasSubstr("unknown command \"\\x1b[2J\""));
}

TEST(CtlUsage, NamesTheCommandThatThereIsNot) {
  EXPECT_THAT(RunCtl({"rewind"}).error, HasSubstr("unknown command \"rewind\""));
}

TEST(CtlVersion, IsPrinted) {
  const Result result = RunCtl({"--version"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.out, StartsWith("muster "));
}

TEST(CtlUsage, SaysThatNoMasterHasAName) {
  const std::string folder = ::testing::TempDir() + "/without_masters";
  const Result result = RunCtl({"masters"}, {"XDG_CONFIG_HOME=" + folder});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.out, StartsWith("no master has a name in /"));
  EXPECT_THAT(result.out, EndsWith("/without_masters/muster/ctl.textproto\n"));
  EXPECT_EQ(RunCtl({"masters", "--names"}, {"XDG_CONFIG_HOME=" + folder}).out, "");
}

}  // namespace
}  // namespace muster::ctl
