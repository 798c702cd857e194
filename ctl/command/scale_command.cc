#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ctl/command/command.h"
#include "muster/ctl/text/printable.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/counted.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

constexpr Parameter kParameters[] = {
    {.name = "WORKERS",
     .kind = Parameter::Kind::kPositive,
     .summary = "how many there are to be, 1 to 256",
     .most = 256,
     .is_required = true},
};

absl::StatusOr<Answer> Order(MasterConnection& master, const Arguments& arguments) {
  v1::ScaleRequest request;
  request.set_workers(static_cast<std::uint32_t>(*arguments.number("WORKERS")));
  MUSTER_ASSIGN_OR_RETURN(v1::ScaleResponse answer,
                          master.Order<v1::ScaleResponse>(request, "scaling"));
  std::string text = absl::StrCat("generation ", answer.generation(), " has ",
                                  config::Counted(answer.workers(), "worker"), "\n");
  for (const std::string& warning : answer.warning()) {
    absl::StrAppend(&text, "warning: ", Printable(warning), "\n");
  }
  return MakeAnswer(std::move(answer), std::move(text));
}

}  // namespace

const Command kScaleCommand = {
    .name = "scale",
    .summary = "Have so many workers, until the next reload",
    .details =
        "Returns when the new workers serve, or when those that are too many accept nothing more:\n"
        "these hand their connections over. If a new worker fails, the number stays, and the exit\n"
        "code is 1. With accept: REUSEPORT each worker has sockets of its own, so all workers are\n"
        "replaced, as by a reload of the same configuration.\n"
        "\n"
        "Examples:\n"
        "  ctl scale 4",
    .parameters = kParameters,
    .order = Order,
};

}  // namespace muster::ctl
