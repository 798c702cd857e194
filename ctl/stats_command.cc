#include "ctl/commands.h"
#include "ctl/report.h"

namespace muster::ctl {
namespace {

absl::Status Run(MasterConnection& master, Output output) {
  MUSTER_ASSIGN_OR_RETURN(const auto stats, master.Ask(&MasterConnection::Stub::GetStats));
  return Print(output, stats, RenderStats(stats));
}

}  // namespace

void AddStatsCommand(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("stats", "Show the counters of each slot and their total");
  command->callback([&invocation] { invocation.command = Run; });
  command->footer(
      "They count from the master's start and go on over reloads and crashes. CUT OFF: "
      "connections\n"
      "closed because a drain had reached shutdown_timeout.\n"
      "\n"
      "Examples:\n"
      "  ctl stats\n"
      "  ctl -o json stats | jq -r .total.requests");
}

}  // namespace muster::ctl
