#include "muster/ctl/command.h"
#include "muster/ctl/status_text.h"
#include "muster/ipc/base/status.h"

namespace muster::ctl {
namespace {

absl::Status Run(MasterConnection& master, Output output) {
  MUSTER_ASSIGN_OR_RETURN(const auto stats, master.GetStats());
  return Print(output, stats, RenderStats(stats));
}

}  // namespace

const Command kStatsCommand = {
    .name = "stats",
    .summary = "Show the counters of each worker and their total",
    .details =
        "The total counts from the master's start, across reloads and crashes. The row\n"
        "\"ended\" is the sum of the workers that have exited. CUT OFF: connections closed\n"
        "because a drain reached shutdown_timeout.\n"
        "\n"
        "Examples:\n"
        "  ctl stats\n"
        "  ctl -o json stats | jq -r .total.requests",
    .run = Run,
};

}  // namespace muster::ctl
