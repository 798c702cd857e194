#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "muster/ctl/command/command.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/event.pb.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

constexpr Parameter kParameters[] = {
    {.name = "LEVEL",
     .kind = Parameter::Kind::kText,
     .summary = "the least important lines that are written",
     .choices = "debug|info|warning|error",
     .is_required = true},
};

absl::StatusOr<Answer> Order(MasterConnection& master, const Arguments& arguments) {
  const std::string wanted = *arguments.text("LEVEL");
  v1::Event::Severity level = v1::Event::SEVERITY_UNSPECIFIED;
  v1::Event::Severity_Parse(absl::AsciiStrToUpper(wanted), &level);
  v1::SetLogLevelRequest request;
  request.set_level(level);
  MUSTER_ASSIGN_OR_RETURN(
      v1::SetLogLevelResponse answer,
      master.Order<v1::SetLogLevelResponse>(request, "setting the level of the log"));
  std::string text =
      absl::StrCat("the log has lines from level ", wanted, " on, until the next reload; it was ",
                   absl::AsciiStrToLower(v1::Event::Severity_Name(answer.previous())), "\n");
  return MakeAnswer(std::move(answer), std::move(text));
}

}  // namespace

const Command kLogLevelCommand = {
    .name = "log-level",
    .summary = "Log more or less, until the next reload",
    .details =
        "Sets the level of the log of the master and of all workers. The next reload sets it to\n"
        "what the configuration says. The access log is as it was.\n"
        "\n"
        "Examples:\n"
        "  ctl log-level debug\n"
        "  ctl -o json log-level warning | jq -r .previous",
    .parameters = kParameters,
    .order = Order,
};

}  // namespace muster::ctl
