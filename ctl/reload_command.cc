#include "absl/strings/str_cat.h"
#include "ctl/command.h"
#include "ctl/units.h"
#include "ipc/status.h"
#include "proto/counted.h"

namespace muster::ctl {
namespace {

absl::Status Run(MasterConnection& master, Output output) {
  const auto answer = master.Reload();
  if (absl::IsInvalidArgument(answer.status())) {
    return absl::InvalidArgumentError(
        absl::StrCat("the new configuration was refused, the old one goes on serving:\n",
                     answer.status().message()));
  }
  MUSTER_RETURN_IF_ERROR(answer.status());
  const absl::Duration took =
      absl::Seconds(answer->took().seconds()) + absl::Nanoseconds(answer->took().nanos());
  return Print(output, *answer,
               absl::StrCat("generation ", answer->generation(),
                            " serves: ", config::Counted(answer->workers_size(), "worker"),
                            " ready in ", FormatElapsed(took), "\n"));
}

}  // namespace

const Command kReloadCommand = {
    .name = "reload",
    .summary = "Read the configuration again and replace all workers",
    .details =
        "Returns when the new workers serve and the old ones drain. If the configuration\n"
        "has mistakes or a new worker fails, nothing has changed, the reason is printed\n"
        "and the exit code is 1.\n"
        "\n"
        "Examples:\n"
        "  ctl reload\n"
        "  ctl reload && curl -fsS http://127.0.0.1:8080/\n"
        "  ctl --timeout 30s reload || echo 'the old configuration goes on serving'",
    .run = Run,
};

}  // namespace muster::ctl
