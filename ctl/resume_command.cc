#include "muster/ctl/command.h"
#include "muster/ctl/serving_text.h"
#include "muster/ipc/base/status.h"

namespace muster::ctl {
namespace {

absl::Status Run(MasterConnection& master, Output output) {
  MUSTER_ASSIGN_OR_RETURN(const auto answer, master.Resume());
  return Print(output, answer, ServingText(answer));
}

}  // namespace

const Command kResumeCommand = {
    .name = "resume",
    .summary = "Serve again after a pause, with the configuration that is loaded",
    .details =
        "Starts the workers again and returns when they serve. The configuration is not read\n"
        "again: ctl reload does that, and ends a pause as well. If a worker does not start,\n"
        "the master stays paused, and the exit code is 1.\n"
        "\n"
        "Examples:\n"
        "  ctl resume\n"
        "  ctl --master unix:run/admin.sock resume",
    .run = Run,
};

}  // namespace muster::ctl
