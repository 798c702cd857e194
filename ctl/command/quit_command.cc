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
  MUSTER_ASSIGN_OR_RETURN(v1::QuitResponse answer,
                          master.Order<v1::QuitResponse>(v1::QuitRequest(), "quitting"));
  MUSTER_RETURN_IF_ERROR(master.WaitForEndOfMaster());
  std::string text = absl::StrCat("the master has ended: ", DescribeEnding(answer), "\n");
  return MakeAnswer(std::move(answer), std::move(text));
}

}  // namespace

const Command kQuitCommand = {
    .name = "quit",
    .summary = "Finish the requests in flight, then end the master and the workers",
    .details =
        "Returns when the master's process is gone. Connections that are not finished\n"
        "within the configuration's shutdown_timeout are cut off.\n"
        "\n"
        "Examples:\n"
        "  ctl quit\n"
        "  ctl --timeout 10s quit || ctl stop",
    .order = Order,
};

}  // namespace muster::ctl
