#include <unistd.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "muster/ctl/command/command.h"
#include "muster/ctl/text/colour.h"
#include "muster/ctl/text/hang_text.h"
#include "muster/ctl/text/last_words_text.h"
#include "muster/ctl/text/status_text.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

absl::StatusOr<Answer> Ask(MasterConnection& master, const Arguments&) {
  MUSTER_ASSIGN_OR_RETURN(v1::ListWorkersResponse answer,
                          master.Ask<v1::ListWorkersResponse>(v1::ListWorkersRequest()));
  Table table = WorkersTable(answer.workers(), answer.ended());
  std::string text =
      absl::StrCat(table.Render(ShowsColours(STDOUT_FILENO)), RenderHangs(answer.workers()),
                   RenderLastWords(answer.workers(), absl::LocalTimeZone()));
  return MakeAnswer(std::move(answer), std::move(text), std::move(table));
}

}  // namespace

const Command kWorkersCommand = {
    .name = "workers",
    .summary = "List the workers, those of older generations included",
    .details =
        "P50, P99: how long the worker's requests took. SERVES: the request at which it is.\n"
        "Below are the last words of workers that ended by themselves, if they had any.\n"
        "\n"
        "Examples:\n"
        "  ctl workers\n"
        "  watch -n1 ctl workers\n"
        "  ctl -o json workers | jq -r '.workers[] | select(.state == \"SERVING\") | .pid'",
    .ask = Ask,
};

}  // namespace muster::ctl
