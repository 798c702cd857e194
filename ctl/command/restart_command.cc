#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "muster/ctl/command/command.h"
#include "muster/ctl/text/printable.h"
#include "muster/ctl/text/units.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/counted.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

absl::StatusOr<Answer> Order(MasterConnection& master, const Arguments&) {
  MUSTER_ASSIGN_OR_RETURN(
      v1::RestartResponse answer,
      master.Order<v1::RestartResponse>(v1::RestartRequest(), "restarting the workers"));
  const absl::Duration took =
      absl::Seconds(answer.took().seconds()) + absl::Nanoseconds(answer.took().nanos());
  std::string text =
      absl::StrCat(config::Counted(answer.restarted(), "worker"),
                   " restarted, one after another, ready in ", FormatElapsed(took), "\n");
  for (const std::string& warning : answer.warning()) {
    absl::StrAppend(&text, "warning: ", Printable(warning), "\n");
  }
  return MakeAnswer(std::move(answer), std::move(text));
}

}  // namespace

const Command kRestartCommand = {
    .name = "restart",
    .summary = "Replace the workers one after another, with the same configuration",
    .details =
        "Each worker is replaced when a new one is ready: that one serves, and the old one hands\n"
        "its connections over and ends. Then comes the next. At the first new worker that is\n"
        "not ready the restart stops: the exit code is 1, the message names the worker, and the\n"
        "old one goes on serving, as do those after it. Workers that were given up are replaced,\n"
        "too. A restart that is interrupted (Ctrl-C) stops after the worker that it is at.\n"
        "\n"
        "Examples:\n"
        "  ctl restart\n"
        "  ctl --timeout 60s restart",
    .order = Order,
};

}  // namespace muster::ctl
