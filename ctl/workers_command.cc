#include "ctl/commands.h"
#include "ctl/report.h"

namespace muster::ctl {
namespace {

absl::Status Run(MasterConnection& master, Output output) {
  MUSTER_ASSIGN_OR_RETURN(const auto answer, master.Ask(&MasterConnection::Stub::ListWorkers));
  return Print(output, answer, RenderWorkers(answer.workers()));
}

}  // namespace

void AddWorkersCommand(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("workers", "List the workers, those of older generations included");
  command->callback([&invocation] { invocation.command = Run; });
  command->footer(
      "Examples:\n"
      "  ctl workers\n"
      "  watch -n1 ctl workers\n"
      "  ctl -o json workers | jq -r '.workers[] | select(.state == \"SERVING\") | .pid'");
}

}  // namespace muster::ctl
