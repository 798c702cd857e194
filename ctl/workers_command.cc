#include "muster/ctl/command.h"
#include "muster/ctl/status_text.h"
#include "muster/ipc/base/status.h"

namespace muster::ctl {
namespace {

absl::Status Run(MasterConnection& master, Output output) {
  MUSTER_ASSIGN_OR_RETURN(const auto answer, master.ListWorkers());
  return Print(output, answer, RenderWorkers(answer.workers(), answer.ended()));
}

}  // namespace

const Command kWorkersCommand = {
    .name = "workers",
    .summary = "List the workers, those of older generations included",
    .details =
        "Examples:\n"
        "  ctl workers\n"
        "  watch -n1 ctl workers\n"
        "  ctl -o json workers | jq -r '.workers[] | select(.state == \"SERVING\") | .pid'",
    .run = Run,
};

}  // namespace muster::ctl
