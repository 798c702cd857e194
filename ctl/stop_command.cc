#include "absl/strings/str_cat.h"
#include "ctl/commands.h"

namespace muster::ctl {
namespace {

absl::Status Run(MasterConnection& master, Output output) {
  MUSTER_ASSIGN_OR_RETURN(const auto answer,
                          master.Order("stopping", &MasterConnection::Stub::Stop));
  MUSTER_RETURN_IF_ERROR(master.WaitForEndOfMaster());
  return Print(output, answer,
               absl::StrCat("the master has ended: ", answer.exited(), " workers exited, ",
                            answer.killed(), " killed\n"));
}

}  // namespace

void AddStopCommand(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("stop", "End master and workers at once, requests in flight included");
  command->callback([&invocation] { invocation.command = Run; });
  command->footer(
      "Returns when the master's process is gone.\n"
      "\n"
      "Examples:\n"
      "  ctl stop\n"
      "  ctl --master unix:run/admin.sock stop");
}

}  // namespace muster::ctl
