#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "muster/ctl/command/command.h"
#include "muster/ctl/command/config_file.h"
#include "muster/ctl/text/config_text.h"
#include "muster/ctl/text/output.h"
#include "muster/ctl/text/progress.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/config_call.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

// The master reads files, and looks names up.
constexpr absl::Duration kForChecking = absl::Seconds(30);

constexpr Parameter kParameters[] = {
    {.name = "FILE",
     .kind = Parameter::Kind::kFile,
     .summary = "a file of this machine, not the master's; \"-\" for standard input"},
};

absl::StatusOr<v1::ConfigCheck> Check(MasterConnection& master,
                                      const google::protobuf::Message& request) {
  const Progress progress("checking");
  return master.Ask<v1::ConfigCheck>(request, kForChecking);
}

absl::Status Run(const Session& session) {
  const std::optional<std::string> file = session.arguments.text("FILE");
  v1::CheckConfigTextRequest text;
  if (file.has_value()) {
    MUSTER_ASSIGN_OR_RETURN(*text.mutable_config(), ReadConfigFile(*file));
  }
  MUSTER_ASSIGN_OR_RETURN(MasterConnection master, session.connect());
  v1::ConfigCheck check;
  std::string name;
  if (file.has_value()) {
    MUSTER_ASSIGN_OR_RETURN(check, Check(master, text));
    name = NameOfConfigFile(*file);
  } else {
    MUSTER_ASSIGN_OR_RETURN(check, Check(master, v1::CheckConfigRequest()));
    MUSTER_ASSIGN_OR_RETURN(const v1::Status status,
                            master.Ask<v1::Status>(v1::GetStatusRequest()));
    name = status.master().config_file();
  }
  if (check.is_good()) return Print(session.output, check, RenderGood(check, name));
  if (session.output == Output::kJson) MUSTER_RETURN_IF_ERROR(Print(session.output, check, ""));
  return absl::InvalidArgumentError("the configuration has mistakes:\n" +
                                    RenderMistakes(check, name));
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
