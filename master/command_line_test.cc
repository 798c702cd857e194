#include "muster/master/command_line.h"

#include <string>
#include <variant>
#include <vector>

#include "gtest/gtest.h"

namespace muster::master {
namespace {

std::variant<Invocation, ExitCode> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "master");
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data(), "/home/x");
}

Invocation Parsed(const std::vector<const char*>& arguments) {
  const auto parsed = Parse(arguments);
  EXPECT_TRUE(std::holds_alternative<Invocation>(parsed));
  return std::holds_alternative<Invocation>(parsed) ? std::get<Invocation>(parsed) : Invocation();
}

ExitCode Refused(const std::vector<const char*>& arguments) {
  const auto parsed = Parse(arguments);
  EXPECT_TRUE(std::holds_alternative<ExitCode>(parsed));
  return std::holds_alternative<ExitCode>(parsed) ? std::get<ExitCode>(parsed) : ExitCode::kDone;
}

TEST(CommandLine, RunsTheConfigurationInItsFolder) {
  const Invocation invocation = Parsed({"-c", "site/muster.textproto"});
  EXPECT_TRUE(std::holds_alternative<Invocation::Run>(invocation.what));
  EXPECT_EQ(invocation.config_file, "/home/x/site/muster.textproto");
  EXPECT_EQ(invocation.prefix, "/home/x/site");
  EXPECT_EQ(invocation.worker_binary, "");
}

TEST(CommandLine, TakesAPrefixAndAWorker) {
  const Invocation invocation = Parsed({"-c", "/etc/m", "-p", "srv", "--worker", "./w"});
  EXPECT_EQ(invocation.config_file, "/etc/m");
  EXPECT_EQ(invocation.prefix, "/home/x/srv");
  EXPECT_EQ(invocation.worker_binary, "/home/x/w");
}

TEST(CommandLine, TakesADescriptorToTellThatItServes) {
  EXPECT_EQ(Parsed({"-c", "m"}).ready_fd, -1);
  EXPECT_EQ(Parsed({"-c", "m", "--ready-fd", "3"}).ready_fd, 3);
  EXPECT_EQ(Refused({"-c", "m", "--ready-fd", "2"}), ExitCode::kUsage);
  EXPECT_EQ(Refused({"-c", "m", "--ready-fd", "x"}), ExitCode::kUsage);
  EXPECT_EQ(Refused({"-c", "m", "--ready-fd", "3", "-t"}), ExitCode::kUsage);
}

TEST(CommandLine, TestsTheConfiguration) {
  const Invocation invocation = Parsed({"-t", "-c", "m"});
  EXPECT_TRUE(std::holds_alternative<Invocation::TestConfig>(invocation.what));
}

TEST(CommandLine, KnowsTheOrders) {
  EXPECT_EQ(std::get<Order>(Parsed({"-c", "m", "-s", "reload"}).what), Order::kReload);
  EXPECT_EQ(std::get<Order>(Parsed({"-c", "m", "-s", "reopen"}).what), Order::kReopen);
  EXPECT_EQ(std::get<Order>(Parsed({"-c", "m", "-s", "quit"}).what), Order::kQuit);
  EXPECT_EQ(std::get<Order>(Parsed({"-c", "m", "-s", "stop"}).what), Order::kStop);
}

TEST(CommandLine, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(Refused({}), ExitCode::kUsage);
  EXPECT_EQ(Refused({"-c", "m", "-s", "restart"}), ExitCode::kUsage);
  EXPECT_EQ(Refused({"-c", "m", "-s", "1"}), ExitCode::kUsage);
  EXPECT_EQ(Refused({"-c", "m", "-t", "-s", "quit"}), ExitCode::kUsage);
  EXPECT_EQ(Refused({"-c", "m", "--deamon"}), ExitCode::kUsage);
}

TEST(CommandLine, KnowsTheWaysToRun) {
  EXPECT_FALSE(Parsed({"-c", "m"}).is_daemon);
  EXPECT_TRUE(Parsed({"-c", "m", "--daemon"}).is_daemon);
  EXPECT_TRUE(Parsed({"-c", "m", "--single"}).is_single);
  EXPECT_EQ(Refused({"-c", "m", "--single", "--daemon"}), ExitCode::kUsage);
  for (const char* way : {"--single", "--daemon"}) {
    EXPECT_EQ(Refused({"-c", "m", way, "-t"}), ExitCode::kUsage) << way;
    EXPECT_EQ(Refused({"-c", "m", way, "-s", "quit"}), ExitCode::kUsage) << way;
  }
  // Whoever starts a daemon waits for its readiness already, and it closes what it inherits.
  EXPECT_EQ(Refused({"-c", "m", "--daemon", "--ready-fd", "3"}), ExitCode::kUsage);
}

TEST(CommandLine, HelpsWithoutAConfiguration) {
  EXPECT_EQ(Refused({"--help"}), ExitCode::kDone);
  EXPECT_EQ(Refused({"--version"}), ExitCode::kDone);
}

}  // namespace
}  // namespace muster::master
