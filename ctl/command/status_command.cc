#include <string>
#include <utility>

#include "muster/ctl/command/command.h"
#include "muster/ctl/text/status_text.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

absl::StatusOr<Answer> Ask(MasterConnection& master, const Arguments&) {
  MUSTER_ASSIGN_OR_RETURN(v1::Status status, master.Ask<v1::Status>(v1::GetStatusRequest()));
  std::string text = RenderStatus(status);
  Table table = StatusTable(status);
  return MakeAnswer(std::move(status), std::move(text), std::move(table));
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
    .ask = Ask,
};

}  // namespace muster::ctl
