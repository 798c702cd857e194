#include <string>
#include <utility>

#include "muster/ctl/command/command.h"
#include "muster/ctl/text/zone_text.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/zone_call.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

absl::StatusOr<Answer> Ask(MasterConnection& master, const Arguments&) {
  MUSTER_ASSIGN_OR_RETURN(v1::ListZonesResponse zones,
                          master.Ask<v1::ListZonesResponse>(v1::ListZonesRequest()));
  std::string text = RenderZones(zones);
  return MakeAnswer(std::move(zones), std::move(text));
}

}  // namespace

const Command kZonesCommand = {
    .name = "zones",
    .summary = "Show the memory that workers share",
    .details =
        "Lists the zones of the configuration with what is in them.\n"
        "\n"
        "Examples:\n"
        "  ctl zones\n"
        "  ctl -o json zones | jq -r '.zones[].name'",
    .ask = Ask,
};

}  // namespace muster::ctl
