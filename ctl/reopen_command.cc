#include "absl/strings/str_cat.h"
#include "ctl/commands.h"

namespace muster::ctl {
namespace {

absl::Status Run(MasterConnection& master, Output output) {
  MUSTER_ASSIGN_OR_RETURN(const auto answer,
                          master.Order("reopening", &MasterConnection::Stub::Reopen));
  return Print(output, answer,
               absl::StrCat("log files opened again by the master and ", answer.workers(),
                            answer.workers() == 1 ? " worker\n" : " workers\n"));
}

}  // namespace

void AddReopenCommand(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("reopen", "Open the log files again, after moving them");
  command->callback([&invocation] { invocation.command = Run; });
  command->footer(
      "Returns when the master and every worker write to the new files.\n"
      "\n"
      "Examples:\n"
      "  mv logs/access.log logs/access.log.1 && ctl reopen && gzip logs/access.log.1");
}

}  // namespace muster::ctl
