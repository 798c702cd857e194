#include <string>
#include <utility>

#include "muster/ctl/command/command.h"
#include "muster/ctl/text/call_text.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

constexpr Parameter kParameters[] = {
    {.name = "ID",
     .kind = Parameter::Kind::kText,
     .summary = "The id that ctl has printed, or that ctl calls lists",
     .is_required = true},
};

absl::StatusOr<Answer> Ask(MasterConnection& master, const Arguments& arguments) {
  v1::GetCallRequest request;
  request.set_id(*arguments.text("ID"));
  MUSTER_ASSIGN_OR_RETURN(v1::Call call, master.Ask<v1::Call>(request));
  std::string text = RenderCall(call);
  return MakeAnswer(std::move(call), std::move(text));
}

}  // namespace

const Command kCallCommand = {
    .name = "call",
    .summary = "Show what became of a change, by the id of its call",
    .details =
        "When the connection is lost before the answer of a change has come, ctl prints the\n"
        "id of the call. The master keeps the outcome of its last calls.\n"
        "\n"
        "Examples:\n"
        "  ctl call 7f3a90b2c4d5e6f708192a3b4c5d6e7f\n"
        "  ctl -o json call 7f3a90b2c4d5e6f708192a3b4c5d6e7f | jq -r .code",
    .parameters = kParameters,
    .ask = Ask,
};

}  // namespace muster::ctl
