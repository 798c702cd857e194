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
  MUSTER_ASSIGN_OR_RETURN(v1::StopResponse answer,
                          master.Order<v1::StopResponse>(v1::StopRequest(), "stopping"));
  MUSTER_RETURN_IF_ERROR(master.WaitForEndOfMaster());
  std::string text = absl::StrCat("the master has ended: ", DescribeEnding(answer), "\n");
  return MakeAnswer(std::move(answer), std::move(text));
}

}  // namespace

const Command kStopCommand = {
    .name = "stop",
    .summary = "End the master and the workers at once, without finishing requests",
    .details =
        "Returns when the master's process is gone, and tells what was cut off.\n"
        "\n"
        "Examples:\n"
        "  ctl stop\n"
        "  ctl --master unix:run/admin.sock stop",
    .order = Order,
};

}  // namespace muster::ctl
