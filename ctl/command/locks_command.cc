#include <string>
#include <utility>

#include "muster/ctl/command/command.h"
#include "muster/ctl/text/zone_text.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/zone_call.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

constexpr Parameter kParameters[] = {
    {.name = "ZONE", .kind = Parameter::Kind::kText, .summary = "only the locks of this zone"},
    {.name = "--in-use", .summary = "only locks that somebody holds or waits for"},
    {.name = "--contended", .summary = "those, and locks that were waited for or recovered"},
};

absl::StatusOr<Answer> Ask(MasterConnection& master, const Arguments& arguments) {
  v1::ListLocksRequest request;
  request.set_zone(arguments.text("ZONE").value_or(""));
  request.set_in_use(arguments.has("in-use"));
  request.set_contended(arguments.has("contended"));
  MUSTER_ASSIGN_OR_RETURN(v1::ListLocksResponse locks, master.Ask<v1::ListLocksResponse>(request));
  std::string text = RenderLocks(locks);
  return MakeAnswer(std::move(locks), std::move(text));
}

}  // namespace

const Command kLocksCommand = {
    .name = "locks",
    .summary = "Show who holds the locks that workers share",
    .details =
        "Lists the locks in the zones, and the accept mutex. What is shown is one moment's look\n"
        "at memory that the workers go on to change: \"waited for\" means that somebody sleeps\n"
        "until the lock is free, \"an owner died\" that the next owner will be told. WAITS counts\n"
        "how often somebody found the lock held and had to sleep, RECOVERIES how often it was\n"
        "taken from somebody who had died. ctl top shows the waits in a second.\n"
        "\n"
        "Examples:\n"
        "  ctl locks --in-use\n"
        "  ctl locks --contended sessions\n"
        "  ctl -o json locks sessions | jq '.locks[] | select(.ownerDied)'",
    .parameters = kParameters,
    .ask = Ask,
};

}  // namespace muster::ctl
