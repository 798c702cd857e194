#include "absl/time/clock.h"
#include "ctl/commands.h"
#include "ctl/report.h"

namespace muster::ctl {
namespace {

absl::Status Run(MasterConnection& master, Output output) {
  MUSTER_ASSIGN_OR_RETURN(const auto status, master.Ask(&MasterConnection::Stub::GetStatus));
  return Print(output, status, RenderStatus(status, absl::Now()));
}

}  // namespace

void AddStatusCommand(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("status", "Show the master and its workers");
  command->callback([&invocation] { invocation.command = Run; });
  command->footer(
      "Examples:\n"
      "  ctl status\n"
      "  ctl -o json status | jq -r .master.generation\n"
      "  ctl --master /run/muster/admin.sock status");
}

}  // namespace muster::ctl
