#include "absl/strings/str_cat.h"
#include "ctl/commands.h"
#include "ctl/units.h"

namespace muster::ctl {
namespace {

absl::Status Run(MasterConnection& master, Output output) {
  const auto answer = master.Order("reloading", &MasterConnection::Stub::Reload);
  if (absl::IsInvalidArgument(answer.status())) {
    return absl::InvalidArgumentError(
        absl::StrCat("the new configuration was refused, the old one goes on serving:\n",
                     answer.status().message()));
  }
  MUSTER_RETURN_IF_ERROR(answer.status());
  const absl::Duration took =
      absl::Seconds(answer->took().seconds()) + absl::Nanoseconds(answer->took().nanos());
  return Print(
      output, *answer,
      absl::StrCat("generation ", answer->generation(), " serves: ", answer->workers_size(),
                   answer->workers_size() == 1 ? " worker" : " workers", " ready in ",
                   FormatElapsed(took), "\n"));
}

}  // namespace

void AddReloadCommand(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("reload", "Read the configuration again and replace all workers");
  command->callback([&invocation] { invocation.command = Run; });
  command->footer(
      "Returns when the new workers serve and the old ones drain. If the configuration has "
      "mistakes\n"
      "or a new worker fails, nothing has changed, the reason is printed and the exit code is 1.\n"
      "\n"
      "Examples:\n"
      "  ctl reload\n"
      "  ctl reload && curl -fsS http://127.0.0.1:8080/\n"
      "  ctl --timeout 30s reload || echo 'the old configuration goes on serving'");
}

}  // namespace muster::ctl
