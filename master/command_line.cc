#include "muster/master/command_line.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <filesystem>
#include <limits>
#include <map>

#include "absl/strings/str_cat.h"
#include "muster/cli/callers_directory.h"
#include "muster/cli/version.h"
#include "muster/cli/wrong_usage.h"

namespace muster::master {
namespace {

constexpr char kFooter[] =
    "Signals: HUP reload, USR1 reopen the log files, QUIT stop gracefully, TERM and INT stop at\n"
    "once, WINCH stop serving but keep running, TTIN add a worker, TTOU remove a worker,\n"
    "USR2 become the program that is now at the master's path.\n"
    "\n"
    "Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no master runs (-s), 4 no answer\n"
    "came, so the outcome is unknown (-s): ask ctl status. With --single it is the worker's, or\n"
    "128 and the number of the signal that killed it.\n"
    "\n"
    "Examples:\n"
    "  master -c muster.textproto              run in the foreground\n"
    "  master --daemon -c muster.textproto     return when it serves in the background\n"
    "  master --single -c muster.textproto     one worker, for a debugger\n"
    "  master -t -c muster.textproto           list what would make a start fail\n"
    "  master -s reload -c muster.textproto    reload, and report the outcome";

const std::map<std::string, Order> kOrders = {{"reload", Order::kReload},
                                              {"reopen", Order::kReopen},
                                              {"quit", Order::kQuit},
                                              {"stop", Order::kStop}};

// For an argument that belongs to no option.
std::string WhatToWriteFor(const std::string& argument) {
  return absl::StrCat(kOrders.count(argument) > 0 ? "-s " : "-c ", argument);
}

// "" would be the current folder.
std::string WhyNotPath(const std::string& path) { return path.empty() ? "is empty" : ""; }

}  // namespace

std::variant<Invocation, ExitCode> ParseCommandLine(int argc, const char* const* argv,
                                                    const std::string& directory) {
  Invocation invocation;
  if (argc > 1) invocation.arguments.assign(argv + 1, argv + argc);
  bool is_test = false;
  std::string order;
  CLI::App app("Runs a service as a master and its workers.", "master");
  app.footer(kFooter);
  app.set_version_flag("--version", absl::StrCat("muster ", cli::kVersion));
  app.add_option("-c,--config", invocation.config_file, "The configuration")
      ->type_name("FILE")
      ->check(WhyNotPath)
      ->required();
  app.add_option("-p,--prefix", invocation.prefix,
                 "The folder of relative paths in the configuration (default: the folder of the "
                 "configuration)")
      ->type_name("FOLDER")
      ->check(WhyNotPath);
  CLI::Option* test =
      app.add_flag("-t,--test", is_test,
                   "List the mistakes in the configuration and whatever else would make a start "
                   "fail, and exit. Changes nothing");
  CLI::Option* signal =
      app.add_option("-s,--signal", order,
                     "Send an order to the running master of this configuration, and wait for the "
                     "outcome: reload, reopen, quit or stop")
          ->check(cli::OneOf({"reload", "reopen", "quit", "stop"}))
          ->type_name("ORDER")
          ->excludes(test);
  app.add_option("--worker", invocation.worker_binary,
                 "The worker program (default: the configuration's worker_binary, or `worker` "
                 "next to this program)")
      ->type_name("FILE")
      ->check(WhyNotPath);
  app.add_option(
         "--ready-fd", invocation.ready_fd,
         "An open descriptor, 3 or higher. When the master serves, it gets one line with "
         "the bound addresses and is closed. If the start fails, it is closed without a line")
      ->type_name("N")
      ->check(CLI::Range(3, std::numeric_limits<int>::max()).description(""))
      ->excludes(test)
      ->excludes(signal);
  CLI::Option* daemon =
      app.add_flag("--daemon", invocation.is_daemon,
                   "Serve in the background: return when the first workers serve, or with the "
                   "reason why they do not. The log must be a file")
          ->excludes(test)
          ->excludes(signal)
          ->excludes("--ready-fd");
  app.add_flag("--single", invocation.is_single,
               "For debugging: one worker, however long it is stopped, and whose end is that of "
               "the master")
      ->excludes(test)
      ->excludes(signal)
      ->excludes(daemon);
  app.failure_message([](const CLI::App* failed, const CLI::Error& error) {
    return absl::StrCat("master: ", cli::WrongUsage(*failed, error, WhatToWriteFor),
                        "\nSee master --help.\n");
  });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? ExitCode::kDone : ExitCode::kUsage;
  }
  if (is_test) invocation.what = Invocation::TestConfig{};
  if (signal->count() > 0) invocation.what = kOrders.at(order);
  invocation.config_file = cli::Absolute(directory, invocation.config_file);
  invocation.prefix = invocation.prefix.empty()
                          ? std::filesystem::path(invocation.config_file).parent_path().string()
                          : cli::Absolute(directory, invocation.prefix);
  if (!invocation.worker_binary.empty()) {
    invocation.worker_binary = cli::Absolute(directory, invocation.worker_binary);
  }
  return invocation;
}

}  // namespace muster::master
