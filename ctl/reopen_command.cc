#include "absl/strings/str_cat.h"
#include "muster/ctl/command.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/counted.h"

namespace muster::ctl {
namespace {

absl::Status Run(MasterConnection& master, Output output) {
  MUSTER_ASSIGN_OR_RETURN(const auto answer, master.Reopen());
  return Print(output, answer,
               absl::StrCat("log files opened again by the master and ",
                            config::Counted(answer.workers(), "worker"), "\n"));
}

}  // namespace

const Command kReopenCommand = {
    .name = "reopen",
    .summary = "Open the log files again, after moving them",
    .details =
        "Returns when the master and every worker write to the new files.\n"
        "\n"
        "Examples:\n"
        "  mv logs/access.log logs/access.log.1 && ctl reopen && gzip logs/access.log.1",
    .run = Run,
};

}  // namespace muster::ctl
