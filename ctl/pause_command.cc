#include "absl/strings/str_cat.h"
#include "muster/ctl/command.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/counted.h"

namespace muster::ctl {
namespace {

absl::Status Run(MasterConnection& master, Output output) {
  MUSTER_ASSIGN_OR_RETURN(const auto answer, master.Pause());
  return Print(
      output, answer,
      absl::StrCat("paused, nobody serves: ", config::Counted(answer.exited(), "worker"),
                   " exited, ", answer.killed(), " killed, ",
                   config::Counted(answer.connections_closed(), "connection"), " cut off\n"));
}

}  // namespace

const Command kPauseCommand = {
    .name = "pause",
    .summary = "Finish the requests in flight and end the workers; keep the master and its sockets",
    .details =
        "Returns when no worker is left. Connections that are not finished within the\n"
        "configuration's shutdown_timeout are cut off. New ones wait in the listening sockets,\n"
        "as many as their backlog, until ctl resume or ctl reload.\n"
        "\n"
        "Examples:\n"
        "  ctl pause\n"
        "  ctl pause && ./migrate-database && ctl resume",
    .run = Run,
};

}  // namespace muster::ctl
