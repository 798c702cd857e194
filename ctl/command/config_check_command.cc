#include <string>
#include <utility>

#include "absl/status/status.h"
#include "muster/ctl/command/command.h"
#include "muster/ctl/command/config_argument.h"
#include "muster/ctl/command/config_file.h"
#include "muster/ctl/text/config_text.h"
#include "muster/ctl/text/output.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/config_call.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

constexpr Parameter kParameters[] = {kConfigArgument};

absl::Status Run(const Session& session) {
  MUSTER_ASSIGN_OR_RETURN(const auto config, ReadConfigArgument(session));
  MUSTER_ASSIGN_OR_RETURN(MasterConnection master, session.connect());
  MUSTER_ASSIGN_OR_RETURN(const v1::ConfigCheck check,
                          CheckConfigArgument(master, config, "checking"));
  std::string name;
  if (config.has_value()) {
    name = NameOfConfigFile(*session.arguments.text(kConfigArgument.name));
  } else {
    MUSTER_ASSIGN_OR_RETURN(const v1::Status status,
                            master.Ask<v1::Status>(v1::GetStatusRequest()));
    name = status.master().config_file();
  }
  if (check.is_good()) return Print(session.output, check, RenderGood(check, name));
  if (session.output == Output::kJson) MUSTER_RETURN_IF_ERROR(Print(session.output, check, ""));
  return MistakesOf(check, name);
}

}  // namespace

const Command kConfigCheckCommand = {
    .name = "config check",
    .summary = "Check a configuration, and change nothing",
    .details =
        "Without FILE, the master checks the file that a reload would read. With FILE, ctl\n"
        "sends it along; that needs the role ADMIN. All mistakes are listed with line and\n"
        "column, and the exit code is 1 if there are any.\n"
        "\n"
        "Examples:\n"
        "  ctl config check && ctl reload\n"
        "  ctl config check next.textproto",
    .parameters = kParameters,
    .run = Run,
};

}  // namespace muster::ctl
