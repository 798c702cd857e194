#include <string>
#include <utility>

#include "muster/ctl/command/command.h"
#include "muster/ctl/text/serving_text.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

absl::StatusOr<Answer> Order(MasterConnection& master, const Arguments&) {
  MUSTER_ASSIGN_OR_RETURN(v1::ResumeResponse answer,
                          master.Order<v1::ResumeResponse>(v1::ResumeRequest(), "resuming"));
  std::string text = ServingText(answer);
  return MakeAnswer(std::move(answer), std::move(text));
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
        "Examples:\n"
        "  ctl resume\n"
        "  ctl --master unix:run/admin.sock resume",
    .order = Order,
};

}  // namespace muster::ctl
