#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/ctl/command/command.h"
#include "muster/ctl/text/printable.h"
#include "muster/ctl/text/serving_text.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

constexpr Parameter kParameters[] = {
    {.name = "GENERATION",
     .kind = Parameter::Kind::kPositive,
     .summary = "one of ctl history; without it, the one before"},
    {.name = "--if-generation",
     .kind = Parameter::Kind::kPositive,
     .value = "N",
     .summary = "only if this generation serves when the rollback begins"},
};

absl::StatusOr<Answer> Order(MasterConnection& master, const Arguments& arguments) {
  v1::RollbackRequest request;
  request.set_generation(arguments.number("GENERATION").value_or(0));
  if (const auto generation = arguments.number("if-generation")) {
    request.mutable_only_if()->set_generation(*generation);
  }
  MUSTER_ASSIGN_OR_RETURN(v1::ReloadResponse answer,
                          master.Order<v1::ReloadResponse>(request, "rolling back"));
  std::string text = ServingText(answer);
  for (const std::string& what : answer.made_anew()) {
    absl::StrAppend(&text, "made anew: ", Printable(what), "\n");
  }
  return MakeAnswer(std::move(answer), std::move(text));
}

}  // namespace

const Command kRollbackCommand = {
    .name = "rollback",
    .summary = "Serve again as an earlier generation did",
    .details =
        "The master keeps the configuration and the worker program of each generation in ctl\n"
        "history. They serve again, under a new number, as after a reload: no connection is\n"
        "closed, and what serves goes on if the rollback fails. Without GENERATION it is the one\n"
        "before that was not left by a rollback itself, so each further rollback goes further\n"
        "back. Listeners and zones that were dropped since are made anew, and listed.\n"
        "The file is not changed: the next reload reads it.\n"
        "\n"
        "Examples:\n"
        "  ctl rollback\n"
        "  ctl rollback 4\n"
        "  ctl rollback --if-generation 7",
    .parameters = kParameters,
    .order = Order,
};

}  // namespace muster::ctl
