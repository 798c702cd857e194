#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ctl/command/command.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/counted.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

absl::StatusOr<Answer> Order(MasterConnection& master, const Arguments&) {
  MUSTER_ASSIGN_OR_RETURN(v1::ReopenResponse answer,
                          master.Order<v1::ReopenResponse>(v1::ReopenRequest(), "reopening"));
  std::string text = absl::StrCat("log files opened again by the master and ",
                                  config::Counted(answer.workers(), "worker"), "\n");
  return MakeAnswer(std::move(answer), std::move(text));
}

}  // namespace

const Command kReopenCommand = {
    .name = "reopen",
    .summary = "Open the log files again, after moving them",
    .details =
        "Returns when the master and every worker write to the new files.\n"
        "\n"
        "Examples:\n"
        "  mv logs/access.log logs/access.log.1 && ctl reopen && gzip logs/access.log.1",
    .order = Order,
};

}  // namespace muster::ctl
