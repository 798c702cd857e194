#include "absl/strings/str_cat.h"
#include "muster/ctl/command.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/counted.h"

namespace muster::ctl {
namespace {

absl::Status Run(MasterConnection& master, Output output) {
  MUSTER_ASSIGN_OR_RETURN(const auto answer, master.Stop());
  MUSTER_RETURN_IF_ERROR(master.WaitForEndOfMaster());
  return Print(output, answer,
               absl::StrCat("the master has ended: ", config::Counted(answer.exited(), "worker"),
                            " exited, ", answer.killed(), " killed\n"));
}

}  // namespace

const Command kStopCommand = {
    .name = "stop",
    .summary = "End the master and the workers at once, without finishing requests",
    .details =
        "Returns when the master's process is gone.\n"
        "\n"
        "Examples:\n"
        "  ctl stop\n"
        "  ctl --master unix:run/admin.sock stop",
    .run = Run,
};

}  // namespace muster::ctl
