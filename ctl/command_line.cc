#include "muster/ctl/command_line.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <array>
#include <string>

#include "absl/strings/str_cat.h"
#include "muster/cli/version.h"
#include "muster/cli/wrong_usage.h"
#include "muster/ctl/command.h"

namespace muster::ctl {
namespace {

// As help lists them.
constexpr std::array kCommands = {&kStatusCommand, &kWorkersCommand, &kStatsCommand,
                                  &kReloadCommand, &kReopenCommand,  &kPauseCommand,
                                  &kResumeCommand, &kQuitCommand,    &kStopCommand};

constexpr char kFooter[] =
    "Without --master, ctl tries these sockets, relative to the current folder: run/admin.sock,\n"
    "examples/site/run/admin.sock, /run/muster/admin.sock.\n"
    "\n"
    "Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no master there, 4 no answer in\n"
    "time, or the connection was lost. After 4 the outcome is unknown; ctl status shows it.\n"
    "\n"
    "Examples:\n"
    "  ctl status\n"
    "  ctl reload\n"
    "  ctl -o json stats | jq .total.requests\n"
    "  MUSTER_MASTER=/run/muster/admin.sock ctl workers\n"
    "  tools/ctl status                                  (in the source tree)";

absl::Duration ParseTimeout(const std::string& text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration <= absl::ZeroDuration()) {
    throw CLI::ValidationError("--timeout",
                               absl::StrCat("\"", text, "\" is no duration; write 500ms, 30s, 2m"));
  }
  return duration;
}

void AddOptions(CLI::App& app, Invocation& invocation) {
  app.add_option("-m,--master", invocation.master, "The master's admin socket: unix:PATH or a path")
      ->type_name("ADDRESS")
      ->envname("MUSTER_MASTER");
  app.add_option_function<std::string>(
         "-o,--output",
         [&invocation](const std::string& format) {
           invocation.output = format == "json" ? Output::kJson : Output::kTable;
         },
         "How to print the answer (default: table)")
      ->check(cli::OneOf({"table", "json"}))
      ->type_name("FORMAT");
  app.add_option_function<std::string>(
         "--timeout",
         [&invocation](const std::string& text) { invocation.timeout = ParseTimeout(text); },
         "How long to wait for the answer (default: 5s for status, workers and stats; no limit for "
         "the others)")
      ->type_name("DURATION");
}

std::string FailureMessage(const CLI::App* app, const CLI::Error& error) {
  return absl::StrCat("ctl: ", cli::WrongUsage(*app, error), "\nSee ctl --help.\n");
}

}  // namespace

std::variant<Invocation, ExitCode> ParseCommandLine(int argc, char** argv) {
  Invocation invocation;
  CLI::App app("Operates a running muster master through its admin socket.", "ctl");
  app.footer(kFooter);
  app.set_version_flag("--version", absl::StrCat("muster ", cli::kVersion));
  app.fallthrough();  // `ctl status -o json` is `ctl -o json status`
  app.require_subcommand(1);
  AddOptions(app, invocation);
  for (const Command* command : kCommands) {
    CLI::App* subcommand = app.add_subcommand(command->name, command->summary);
    subcommand->footer(command->details);
    subcommand->callback([&invocation, command] { invocation.command = command; });
  }
  app.failure_message(FailureMessage);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? ExitCode::kDone : ExitCode::kUsage;
  }
  return invocation;
}

}  // namespace muster::ctl
