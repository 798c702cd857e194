#include "absl/strings/str_cat.h"
#include "muster/ctl/command.h"
#include "muster/ctl/printable.h"
#include "muster/ctl/units.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/counted.h"

namespace muster::ctl {
namespace {

absl::Status Run(MasterConnection& master, Output output) {
  MUSTER_ASSIGN_OR_RETURN(const auto answer, master.Resume());
  const absl::Duration took =
      absl::Seconds(answer.took().seconds()) + absl::Nanoseconds(answer.took().nanos());
  std::string text = absl::StrCat("generation ", answer.generation(),
                                  " serves: ", config::Counted(answer.workers_size(), "worker"),
                                  " ready in ", FormatElapsed(took), "\n");
  for (const std::string& warning : answer.warning()) {
    absl::StrAppend(&text, "warning: ", Printable(warning), "\n");
  }
  return Print(output, answer, text);
}

}  // namespace

const Command kResumeCommand = {
    .name = "resume",
    .summary = "Serve again after a pause, with the configuration that is loaded",
    .details =
        "Starts the workers again and returns when they serve. The configuration is not read\n"
        "again: ctl reload does that, and ends a pause as well. If a worker does not start,\n"
        "the master stays paused, and the exit code is 1.\n"
        "\n"
        "Example:\n"
        "  ctl resume",
    .run = Run,
};

}  // namespace muster::ctl
