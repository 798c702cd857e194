#include <string>
#include <utility>

#include "muster/ctl/command/command.h"
#include "muster/ctl/text/config_text.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/config_call.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

absl::StatusOr<Answer> Ask(MasterConnection& master, const Arguments&) {
  MUSTER_ASSIGN_OR_RETURN(v1::ActiveConfig config,
                          master.Ask<v1::ActiveConfig>(v1::GetConfigRequest()));
  std::string text = RenderConfig(config);
  return MakeAnswer(std::move(config), std::move(text));
}

}  // namespace

const Command kConfigShowCommand = {
    .name = "config show",
    .summary = "Show the configuration in force",
    .details =
        "Prints it as the master reads it: defaults filled in, paths absolute. Comments in\n"
        "front say where it comes from and whether the file was changed since. What is\n"
        "printed can be used as a configuration.\n"
        "\n"
        "Examples:\n"
        "  ctl config show\n"
        "  ctl config show >in-force.textproto\n"
        "  ctl -o json config show | jq -r .hash",
    .ask = Ask,
};

}  // namespace muster::ctl
