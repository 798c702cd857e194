#include <string>
#include <utility>

#include "muster/ctl/command/command.h"
#include "muster/ctl/text/call_text.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

absl::StatusOr<Answer> Ask(MasterConnection& master, const Arguments&) {
  MUSTER_ASSIGN_OR_RETURN(v1::ListCallsResponse answer,
                          master.Ask<v1::ListCallsResponse>(v1::ListCallsRequest()));
  Table table = CallsTable(answer, absl::LocalTimeZone());
  std::string text = table.Render();
  return MakeAnswer(std::move(answer), std::move(text), std::move(table));
}

}  // namespace

const Command kCallsCommand = {
    .name = "calls",
    .summary = "List the changes that are under way, and the last ones",
    .details =
        "Each line is a call that changes something: who made it, when, and its outcome.\n"
        "\n"
        "Examples:\n"
        "  ctl calls\n"
        "  ctl -o json calls | jq -r '.calls[] | select(.code == \"\") | .id'",
    .ask = Ask,
};

}  // namespace muster::ctl
