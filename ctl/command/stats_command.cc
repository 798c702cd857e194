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
  MUSTER_ASSIGN_OR_RETURN(v1::Stats stats, master.Ask<v1::Stats>(v1::GetStatsRequest()));
  std::string text = RenderStats(stats);
  Table table = StatsTable(stats);
  return MakeAnswer(std::move(stats), std::move(text), std::move(table));
}

}  // namespace

const Command kStatsCommand = {
    .name = "stats",
    .summary = "Show the counters of each worker and their total",
    .details =
        "The total counts from the master's start, across reloads and crashes. The row\n"
        "\"ended\" is the sum of the workers that have exited. CUT OFF: connections closed\n"
        "because a drain reached shutdown_timeout. P50, P99: how long requests took.\n"
        "Below are the metrics that the service has registered, if it has some: a gauge for\n"
        "each worker, all others as sums over all workers. An answer has 4 MiB of them at most,\n"
        "and tells how many series did not fit: .seriesLeftOut with -o json.\n"
        "\n"
        "Examples:\n"
        "  ctl stats\n"
        "  ctl -o json stats | jq -r .total.requests\n"
        "  ctl -o json stats | jq '.metrics[] | select(.name == \"cache_hits_total\")'",
    .ask = Ask,
};

}  // namespace muster::ctl
