#include <string>
#include <utility>

#include "muster/ctl/command/command.h"
#include "muster/ctl/text/generation_text.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

absl::StatusOr<Answer> Ask(MasterConnection& master, const Arguments&) {
  MUSTER_ASSIGN_OR_RETURN(v1::ListGenerationsResponse answer,
                          master.Ask<v1::ListGenerationsResponse>(v1::ListGenerationsRequest()));
  Table table = GenerationsTable(answer, absl::LocalTimeZone());
  std::string text = table.Render();
  return MakeAnswer(std::move(answer), std::move(text), std::move(table));
}

}  // namespace

const Command kHistoryCommand = {
    .name = "history",
    .summary = "List the last generations that served",
    .details =
        "The newest of ten first: its number, when it began to serve, the first digits of its\n"
        "configuration's hash, who asked for it, and what became of it. ctl rollback goes to\n"
        "each of them. Reloads that were refused are in ctl events.\n"
        "\n"
        "Examples:\n"
        "  ctl history\n"
        "  ctl -o json history | jq -r '.generations[] | select(.outcome == \"ROLLED_BACK\") | "
        ".reason'",
    .ask = Ask,
};

}  // namespace muster::ctl
