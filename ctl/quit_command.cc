#include "absl/strings/str_cat.h"
#include "ctl/commands.h"

namespace muster::ctl {
namespace {

absl::Status Run(MasterConnection& master, Output output) {
  MUSTER_ASSIGN_OR_RETURN(const auto answer,
                          master.Order("quitting", &MasterConnection::Stub::Quit));
  MUSTER_RETURN_IF_ERROR(master.WaitForEndOfMaster());
  return Print(
      output, answer,
      absl::StrCat("the master has ended: ", answer.exited(), " workers exited, ", answer.killed(),
                   " killed, ", answer.connections_closed(), " connections cut off\n"));
}

}  // namespace

void AddQuitCommand(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("quit", "Finish the requests in flight, then end master and workers");
  command->callback([&invocation] { invocation.command = Run; });
  command->footer(
      "Returns when the master's process is gone. What is not finished within the configuration's\n"
      "shutdown_timeout is cut off.\n"
      "\n"
      "Examples:\n"
      "  ctl quit\n"
      "  ctl --timeout 10s quit || ctl stop");
}

}  // namespace muster::ctl
