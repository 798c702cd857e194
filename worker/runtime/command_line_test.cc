#include "muster/worker/runtime/command_line.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/proto/config.pb.h"

namespace muster::worker {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

absl::StatusOr<Invocation> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "/srv/chat");
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data(), "/home/x");
}

Wish WishOf(const std::vector<const char*>& arguments) { return Parse(arguments)->wish; }

std::string Refusal(const std::vector<const char*>& arguments) {
  return std::string(Parse(arguments).status().message());
}

TEST(WorkerCommandLine, ServesWithoutArguments) { EXPECT_EQ(WishOf({}), Wish::kServe); }

TEST(WorkerCommandLine, KnowsWhatAProgramDoesByItself) {
  EXPECT_EQ(WishOf({"--describe"}), Wish::kDescribe);
  EXPECT_EQ(WishOf({"--help"}), Wish::kHelp);
  EXPECT_EQ(WishOf({"-h"}), Wish::kHelp);
  EXPECT_EQ(WishOf({"--version"}), Wish::kVersion);
}

TEST(WorkerCommandLine, ReadsAStartWithoutAMaster) {
  const auto invocation = Parse({"--standalone", "-c", "site/m.textproto"});
  ASSERT_TRUE(invocation.ok()) << invocation.status();
  EXPECT_EQ(invocation->wish, Wish::kStandalone);
  EXPECT_EQ(invocation->config_file, "/home/x/site/m.textproto");
  EXPECT_EQ(invocation->prefix, "/home/x/site");
  for (const std::vector<const char*>& arguments :
       {std::vector<const char*>{"-p", "srv", "--config", "/etc/m.json", "--standalone"},
        std::vector<const char*>{"--standalone", "--config=/etc/m.json", "--prefix=srv"}}) {
    const auto other = Parse(arguments);
    ASSERT_TRUE(other.ok()) << other.status();
    EXPECT_EQ(other->wish, Wish::kStandalone);
    EXPECT_EQ(other->config_file, "/etc/m.json");
    EXPECT_EQ(other->prefix, "/home/x/srv");
  }
}

TEST(WorkerCommandLine, NeedsAConfigurationForAStartWithoutAMaster) {
  EXPECT_EQ(Refusal({"--standalone"}), "--standalone needs a configuration: --standalone -c FILE");
  EXPECT_EQ(Refusal({"--standalone", "--config="}),
            "--standalone needs a configuration: --standalone -c FILE");
  EXPECT_EQ(Refusal({"--standalone", "-c"}), "-c has no value");
  EXPECT_EQ(Refusal({"-c", "m.textproto"}),
            "-c is for --standalone; a master reads the configuration itself: master -c FILE "
            "--worker PROGRAM");
  EXPECT_EQ(Refusal({"--standalone", "m.textproto"}), "unexpected argument \"m.textproto\"");
}

TEST(WorkerCommandLine, TellsWhatWasProbablyMeant) {
  EXPECT_EQ(Refusal({"--descirbe"}), "unknown option \"--descirbe\"; did you mean \"--describe\"?");
  EXPECT_EQ(Refusal({"describe"}),
            "unexpected argument \"describe\"; did you mean \"--describe\"?");
  EXPECT_EQ(Refusal({"help"}), "unexpected argument \"help\"; did you mean \"--help\"?");
  EXPECT_EQ(Refusal({"-help"}), "unknown option \"-help\"; did you mean \"--help\"?");
  EXPECT_EQ(Refusal({"--"}), "unknown option \"--\"");
  EXPECT_EQ(Refusal({"-x"}), "unknown option \"-x\"");
  EXPECT_EQ(Refusal({"--standalon", "-c", "m"}),
            "unknown option \"--standalon\"; did you mean \"--standalone\"?");
  EXPECT_EQ(Refusal({"--describe", "x"}), "unexpected argument \"x\"; --describe is given alone");
}

TEST(WorkerCommandLine, HelpsWithWhatTheProgramKnows) {
  Program program;
  EXPECT_THAT(HelpText("chat", program), HasSubstr("master -c FILE --worker chat\n"));
  EXPECT_THAT(HelpText("chat", program), HasSubstr("\n  chat --standalone -c muster.textproto\n"));
  EXPECT_THAT(HelpText("chat", program), Not(HasSubstr("In a configuration")));
  program.config_types = {config::v1::Listen::descriptor()};
  program.handlers = {"counter", "clock"};
  EXPECT_THAT(HelpText("chat", program),
              HasSubstr("In a configuration for this program:\n"
                        "  service { ... } may contain: muster.config.v1.Listen\n"
                        "  handler may be: counter, clock\n"));
}

TEST(WorkerCommandLine, NamesTheProgram) {
  const char* argv[] = {"/srv/chat"};
  EXPECT_EQ(ProgramName(1, argv), "chat");
  EXPECT_EQ(ProgramName(0, nullptr), "worker");
}

}  // namespace
}  // namespace muster::worker
