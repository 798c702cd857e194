#include "muster/ctl/command.h"
#include "muster/ctl/status_text.h"
#include "muster/ipc/base/status.h"

namespace muster::ctl {
namespace {

absl::Status Run(MasterConnection& master, Output output) {
  MUSTER_ASSIGN_OR_RETURN(const auto status, master.GetStatus());
  return Print(output, status, RenderStatus(status));
}

}  // namespace

const Command kStatusCommand = {
    .name = "status",
    .summary = "Show the master and its workers",
    .details =
        "Examples:\n"
        "  ctl status\n"
        "  ctl -o json status | jq -r .master.generation\n"
        "  ctl --master /run/muster/admin.sock status",
    .run = Run,
};

}  // namespace muster::ctl
