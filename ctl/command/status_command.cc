#include <unistd.h>

#include <string>
#include <utility>

#include "muster/ctl/command/command.h"
#include "muster/ctl/text/colour.h"
#include "muster/ctl/text/output.h"
#include "muster/ctl/text/status_text.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

absl::StatusOr<Answer> Ask(MasterConnection& master, const Arguments&) {
  MUSTER_ASSIGN_OR_RETURN(v1::Status status, master.Ask<v1::Status>(v1::GetStatusRequest()));
  std::string text = RenderStatus(status, ShowsColours(STDOUT_FILENO));
  Table table = StatusTable(status);
  return MakeAnswer(std::move(status), std::move(text), std::move(table));
}

// Prints each status that the master sends, until the connection is lost.
absl::Status Watch(const Session& session) {
  MUSTER_ASSIGN_OR_RETURN(MasterConnection master, session.connect());
  MUSTER_ASSIGN_OR_RETURN(auto statuses, master.Watch<v1::Status>(v1::WatchStatusRequest()));
  const bool has_colours = ShowsColours(STDOUT_FILENO);
  // A terminal shows the last one only.
  const char* before = has_colours ? "\x1b[H\x1b[2J" : "";
  while (true) {
    MUSTER_ASSIGN_OR_RETURN(const v1::Status* status, statuses.Follow());
    if (session.output == Output::kJson) {
      MUSTER_ASSIGN_OR_RETURN(const std::string line, JsonLine(*status));
      MUSTER_RETURN_IF_ERROR(Write(line));
      continue;
    }
    MUSTER_RETURN_IF_ERROR(Write(before + RenderStatus(*status, has_colours)));
    if (!has_colours) before = "\n";
  }
}

constexpr Parameter kParameters[] = {
    {.name = "-w,--watch", .summary = "Show it again whenever it has changed"},
};

}  // namespace

const Command kStatusCommand = {
    .name = "status",
    .summary = "Show the master and its workers",
    .details =
        "Examples:\n"
        "  ctl status\n"
        "  ctl -o json status | jq -r .master.generation\n"
        "  ctl --master /run/muster/admin.sock status\n"
        "  ctl status --watch",
    .parameters = kParameters,
    .ask = Ask,
    .watch = Watch,
};

}  // namespace muster::ctl
