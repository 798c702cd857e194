#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ctl/command/command.h"
#include "muster/ctl/command/ending_report.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

absl::StatusOr<Answer> Order(MasterConnection& master, const Arguments&) {
  MUSTER_ASSIGN_OR_RETURN(v1::PauseResponse answer,
                          master.Order<v1::PauseResponse>(v1::PauseRequest(), "pausing"));
  std::string text = absl::StrCat("paused, nobody serves: ", DescribeEnding(answer), "\n");
  return MakeAnswer(std::move(answer), std::move(text));
}

}  // namespace

const Command kPauseCommand = {
    .name = "pause",
    .summary = "Finish the requests in flight and end the workers; keep the master and its sockets",
    .details =
        "Returns when no worker is left. Connections that are not finished within the\n"
        "configuration's shutdown_timeout are cut off. New ones wait in the listening sockets,\n"
        "as many as their backlog, until ctl resume or ctl reload.\n"
        "\n"
        "Examples:\n"
        "  ctl pause\n"
        "  ctl pause && ./migrate-database && ctl resume",
    .order = Order,
};

}  // namespace muster::ctl
