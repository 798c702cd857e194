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
  // A refusal tells by itself what goes on serving.
  MUSTER_ASSIGN_OR_RETURN(v1::ReloadResponse answer,
                          master.Order<v1::ReloadResponse>(v1::ReloadRequest(), "reloading"));
  std::string text = ServingText(answer);
  return MakeAnswer(std::move(answer), std::move(text));
}

}  // namespace

const Command kReloadCommand = {
    .name = "reload",
    .summary = "Read the configuration again and replace all workers",
    .details =
        "Returns when the new workers serve and the old ones accept nothing more. Warnings\n"
        "name workers that have not acknowledged that in time. If the configuration\n"
        "has mistakes or a new worker fails, the old workers go on serving. Then the reason\n"
        "is printed with its file, line and column, and the exit code is 1. A reload that\n"
        "is not complete within --timeout, or that is interrupted (Ctrl-C), is undone in the\n"
        "same way, unless somebody else waits for it: then it goes on, and the exit code is 4.\n"
        "It is 4, too, if no answer comes. Then ctl status shows which generation serves.\n"
        "\n"
        "Examples:\n"
        "  ctl reload\n"
        "  ctl reload && curl -fsS http://127.0.0.1:8080/\n"
        "  ctl --timeout 30s reload; [ $? -eq 4 ] && ctl status",
    .order = Order,
};

}  // namespace muster::ctl
