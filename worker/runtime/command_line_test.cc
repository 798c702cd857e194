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

absl::StatusOr<Wish> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "/srv/chat");
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}

std::string Refusal(const std::vector<const char*>& arguments) {
  return std::string(Parse(arguments).status().message());
}

TEST(WorkerCommandLine, ServesWithoutArguments) { EXPECT_EQ(*Parse({}), Wish::kServe); }

TEST(WorkerCommandLine, KnowsWhatAProgramDoesByItself) {
  EXPECT_EQ(*Parse({"--describe"}), Wish::kDescribe);
  EXPECT_EQ(*Parse({"--help"}), Wish::kHelp);
  EXPECT_EQ(*Parse({"-h"}), Wish::kHelp);
  EXPECT_EQ(*Parse({"--version"}), Wish::kVersion);
}

TEST(WorkerCommandLine, TellsWhatWasProbablyMeant) {
  EXPECT_EQ(Refusal({"--descirbe"}), "unknown option \"--descirbe\"; did you mean \"--describe\"?");
  EXPECT_EQ(Refusal({"describe"}),
            "unexpected argument \"describe\"; did you mean \"--describe\"?");
  EXPECT_EQ(Refusal({"help"}), "unexpected argument \"help\"; did you mean \"--help\"?");
  EXPECT_EQ(Refusal({"-help"}), "unknown option \"-help\"; did you mean \"--help\"?");
  EXPECT_EQ(Refusal({"--"}), "unknown option \"--\"");
  EXPECT_EQ(Refusal({"-c"}), "unknown option \"-c\"");
  EXPECT_EQ(Refusal({"--describe", "x"}),
            "unexpected argument \"x\"; there is one argument at most");
}

TEST(WorkerCommandLine, HelpsWithWhatTheProgramKnows) {
  Program program;
  EXPECT_THAT(HelpText("chat", program), HasSubstr("master -c FILE --worker chat\n"));
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
