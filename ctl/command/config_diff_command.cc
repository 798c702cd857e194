#include <unistd.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ctl/command/command.h"
#include "muster/ctl/command/config_argument.h"
#include "muster/ctl/command/config_file.h"
#include "muster/ctl/exit_code.h"
#include "muster/ctl/text/colour.h"
#include "muster/ctl/text/config_text.h"
#include "muster/ctl/text/output.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/config_call.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

constexpr Parameter kParameters[] = {kConfigArgument};

// True: they differ, and this was printed.
absl::StatusOr<bool> Compare(const Session& session) {
  MUSTER_ASSIGN_OR_RETURN(const auto config, ReadConfigArgument(session));
  MUSTER_ASSIGN_OR_RETURN(MasterConnection master, session.connect());
  MUSTER_ASSIGN_OR_RETURN(const v1::Status status, master.Ask<v1::Status>(v1::GetStatusRequest()));
  MUSTER_ASSIGN_OR_RETURN(const v1::ConfigCheck check,
                          CheckConfigArgument(master, config, "comparing"));
  const std::string name = config.has_value()
                               ? NameOfConfigFile(*session.arguments.text(kConfigArgument.name))
                               : status.master().config_file();
  if (session.output == Output::kJson) MUSTER_RETURN_IF_ERROR(Print(session.output, check, ""));
  if (!check.is_good()) return MistakesOf(check, name);
  if (!check.is_compared() && !check.is_in_force()) {
    return absl::UnimplementedError("this master does not tell what differs; is it older?");
  }
  if (check.differences().empty()) return false;
  if (session.output == Output::kTable) {
    const std::string in_force =
        absl::StrCat("in force: generation ", status.master().generation());
    MUSTER_RETURN_IF_ERROR(
        Write(RenderDifferences(check, in_force, name, ShowsColours(STDOUT_FILENO))));
  }
  return true;
}

absl::Status Run(const Session& session) {
  const absl::StatusOr<bool> differs = Compare(session);
  if (differs.ok()) {
    // Nothing is left to say.
    return *differs ? ExitWith(ExitCode::kFailed, absl::FailedPreconditionError(""))
                    : absl::OkStatus();
  }
  // 1 says that they differ.
  if (ExitCodeOf(differs.status()) != ExitCode::kFailed) return differs.status();
  return ExitWith(ExitCode::kUsage, differs.status());
}

}  // namespace

const Command kConfigDiffCommand = {
    .name = "config diff",
    .summary = "Show how a configuration differs from the one in force",
    .details =
        "Without FILE, it is the file that a reload would read, as it is now. With FILE, ctl\n"
        "sends that one along; this needs the role ADMIN. Each field with another value is a\n"
        "line with - for the one in force, and one with + for the other. Defaults are filled\n"
        "in, and the order of listeners, locations and rules does not matter. Secrets are\n"
        "shown as *** on both sides. Nothing is changed.\n"
        "\n"
        "The exit code is 0 if both mean the same, which prints nothing; 1 if they differ; and\n"
        "2 after mistakes in the file, without permission and after other errors, where other\n"
        "commands have 1. 3 and 4 are as for all commands.\n"
        "\n"
        "Examples:\n"
        "  ctl config diff\n"
        "  ctl config diff next.textproto\n"
        "  git show HEAD:site.textproto | ctl config diff -\n"
        "  ctl -o json config diff | jq -r '.differences[].path'",
    .parameters = kParameters,
    .run = Run,
};

}  // namespace muster::ctl
