#include "muster/cli/wrong_usage.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace muster::cli {
namespace {

// What a program with a required option, two flags and an order is told.
std::string OfProgram(std::vector<std::string> arguments) {
  CLI::App app("A program.", "program");
  std::string config;
  std::string order;
  bool is_test = false;
  app.add_option("-c,--config", config)->type_name("FILE")->required();
  CLI::Option* test = app.add_flag("-t,--test", is_test);
  app.add_option("-s,--signal", order)->check(OneOf({"reload", "quit"}))->excludes(test);
  try {
    std::reverse(arguments.begin(), arguments.end());
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return WrongUsage(app, error, [](const std::string& argument) {
      return argument == "reload" ? "-s reload" : "";
    });
  }
  return "nothing is wrong";
}

// What a program with commands is told, by `told`.
std::string OfClient(
    std::vector<std::string> arguments,
    const std::function<std::string(const CLI::App&, const CLI::Error&)>& told =
        [](const CLI::App& app, const CLI::Error& error) { return WrongUsage(app, error); }) {
  CLI::App app("A client.", "client");
  std::string master;
  app.fallthrough();
  app.require_subcommand(1);
  app.add_option("-m,--master", master)->type_name("ADDRESS");
  app.add_subcommand("status");
  app.add_subcommand("reload");
  CLI::App* config = app.add_subcommand("config");
  config->require_subcommand(1);
  CLI::App* show = config->add_subcommand("show");
  std::string format;
  std::string file;
  show->add_option("--format", format)->type_name("FORMAT");
  show->add_option("FILE", file)->required();
  try {
    std::reverse(arguments.begin(), arguments.end());
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return told(app, error);
  }
  return "nothing is wrong";
}

// The help of which it is pointed to.
std::string HelpOfClient(std::vector<std::string> arguments) {
  return OfClient(std::move(arguments), HelpAfter);
}

TEST(HelpAfterWrongUsage, IsThatOfTheCommand) {
  EXPECT_EQ(HelpOfClient({"config", "show"}), "client config show --help");
  EXPECT_EQ(HelpOfClient({"config", "show", "a", "--format"}), "client config show --help");
  EXPECT_EQ(HelpOfClient({"reload", "now"}), "client reload --help");
  EXPECT_EQ(HelpOfClient({"reload", "--froce"}), "client reload --help");
  EXPECT_EQ(HelpOfClient({"config", "shwo"}), "client config --help");
  EXPECT_EQ(HelpOfClient({"config"}), "client config --help");
}

TEST(HelpAfterWrongUsage, IsThatOfTheProgramIfItsOptionsOrCommandsAreWrong) {
  EXPECT_EQ(HelpOfClient({"status", "--master"}), "client --help");
  EXPECT_EQ(HelpOfClient({"-m", "a", "-m", "b", "status"}), "client --help");
  EXPECT_EQ(HelpOfClient({"rewind"}), "client --help");
  EXPECT_EQ(HelpOfClient({}), "client --help");
}

TEST(WrongUsage, TellsWhichOptionWasProbablyMeant) {
  EXPECT_EQ(OfProgram({"--confg", "x"}), "unknown option \"--confg\"; did you mean \"--config\"?");
  EXPECT_EQ(OfProgram({"-c", "x", "--confg=y"}),
            "unknown option \"--confg\"; did you mean \"--config\"?");
  EXPECT_EQ(OfClient({"--maser", "x", "status"}),
            "unknown option \"--maser\"; did you mean \"--master\"?");
  EXPECT_EQ(OfClient({"status", "--mastr", "x"}),
            "unknown option \"--mastr\"; did you mean \"--master\"?");
}

TEST(WrongUsage, DoesNotGuessFarFetchedOptions) {
  EXPECT_EQ(OfProgram({"-c", "x", "--daemonize"}), "unknown option \"--daemonize\"");
  EXPECT_EQ(OfProgram({"-c", "x", "-x"}), "unknown option \"-x\"");
}

TEST(WrongUsage, TellsWhatIsMissing) {
  EXPECT_EQ(OfProgram({}), "-c,--config FILE is missing");
  EXPECT_EQ(OfClient({}), "a command is missing; the commands are status, reload, config");
}

TEST(WrongUsage, TellsThatAValueIsMissing) {
  EXPECT_EQ(OfProgram({"-c"}), "--config needs a value: -c,--config FILE");
}

TEST(WrongUsage, TellsWhatIsGivenTwice) {
  EXPECT_EQ(OfProgram({"-c", "x", "-c", "y"}), "--config is given more than once");
}

TEST(WrongUsage, TellsThatAFlagHasNoValue) {
  EXPECT_EQ(OfProgram({"-c", "x", "--test=maybe"}), "--test takes no value");
}

TEST(WrongUsage, TellsWhatExcludesEachOther) {
  EXPECT_EQ(OfProgram({"-c", "x", "-t", "-s", "quit"}), "--test and --signal exclude each other");
}

TEST(WrongUsage, TellsTheValuesOfAnOption) {
  EXPECT_EQ(OfProgram({"-c", "x", "-s", "relaod"}),
            "--signal: \"relaod\" is none of reload, quit; did you mean \"reload\"?");
  EXPECT_EQ(OfProgram({"-c", "x", "-s", "restart"}),
            "--signal: \"restart\" is none of reload, quit");
}

TEST(WrongUsage, TellsWhatToWriteInsteadOfAnArgument) {
  EXPECT_EQ(OfProgram({"reload"}), "unexpected argument \"reload\"; did you mean \"-s reload\"?");
  EXPECT_EQ(OfProgram({"-c", "x", "y"}), "unexpected argument \"y\"");
  EXPECT_EQ(OfProgram({"help"}), "unexpected argument \"help\"; did you mean \"--help\"?");
  EXPECT_EQ(OfClient({"help"}), "unexpected argument \"help\"; did you mean \"--help\"?");
}

TEST(WrongUsage, TellsWhichCommandWasProbablyMeant) {
  EXPECT_EQ(OfClient({"stauts"}), "unknown command \"stauts\"; did you mean \"status\"?");
  EXPECT_EQ(OfClient({"start"}),
            "unknown command \"start\"; the commands are status, reload, config");
}

TEST(WrongUsage, TellsThatACommandTakesNoArgument) {
  EXPECT_EQ(OfClient({"status", "now"}), "unexpected argument \"now\"; status takes none");
}

TEST(WrongUsage, IsToldOfCommandsInGroupsToo) {
  EXPECT_EQ(OfClient({"config"}), "a command is missing; the commands of config are show");
  EXPECT_EQ(OfClient({"config", "shwo"}), "unknown command \"shwo\"; did you mean \"show\"?");
  EXPECT_EQ(OfClient({"config", "show", "f", "--formt", "x"}),
            "unknown option \"--formt\"; did you mean \"--format\"?");
  EXPECT_EQ(OfClient({"config", "show", "f", "--mastr", "x"}),
            "unknown option \"--mastr\"; did you mean \"--master\"?");
  EXPECT_EQ(OfClient({"config", "show"}), "FILE is missing");
  EXPECT_EQ(OfClient({"config", "show", "f", "g"}),
            "unexpected argument \"g\"; show takes no more");
  EXPECT_EQ(OfClient({"config", "show", "f", "--format"}),
            "--format needs a value: --format FORMAT");
}

}  // namespace
}  // namespace muster::cli
