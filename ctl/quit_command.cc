#include "absl/strings/str_cat.h"
#include "muster/ctl/command.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/counted.h"

namespace muster::ctl {
namespace {

absl::Status Run(MasterConnection& master, Output output) {
  MUSTER_ASSIGN_OR_RETURN(const auto answer, master.Quit());
  MUSTER_RETURN_IF_ERROR(master.WaitForEndOfMaster());
  return Print(
      output, answer,
      absl::StrCat("the master has ended: ", config::Counted(answer.exited(), "worker"),
                   " exited, ", answer.killed(), " killed, ",
                   config::Counted(answer.connections_closed(), "connection"), " cut off\n"));
}

}  // namespace

const Command kQuitCommand = {
    .name = "quit",
    .summary = "Finish the requests in flight, then end the master and the workers",
    .details =
        "Returns when the master's process is gone. Connections that are not finished\n"
        "within the configuration's shutdown_timeout are cut off.\n"
        "\n"
        "Examples:\n"
        "  ctl quit\n"
        "  ctl --timeout 10s quit || ctl stop",
    .run = Run,
};

}  // namespace muster::ctl
