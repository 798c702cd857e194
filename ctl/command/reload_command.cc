#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ctl/command/command.h"
#include "muster/ctl/command/config_argument.h"
#include "muster/ctl/command/config_file.h"
#include "muster/ctl/text/config_text.h"
#include "muster/ctl/text/serving_text.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/counted.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

constexpr Parameter kParameters[] = {
    {.name = "--wait",
     .kind = Parameter::Kind::kText,
     .value = "UNTIL",
     .summary = "for the old workers to accept nothing more (the default), or to end",
     .choices = "ready|drained"},
    {.name = "--config",
     .kind = Parameter::Kind::kFile,
     .value = "FILE",
     .summary = "a configuration of this machine, in place of the master's file"},
    {.name = "--plan",
     .summary = "show what would change: workers, listeners, zones and fields; do nothing"},
    {.name = "--if-generation",
     .kind = Parameter::Kind::kPositive,
     .value = "N",
     .summary = "only if this generation serves when the reload begins"},
    {.name = "--if-hash",
     .kind = Parameter::Kind::kHash,
     .value = "HASH",
     .summary = "only if the configuration in force has this hash then (of ctl config show)"},
};

absl::StatusOr<v1::ReloadResponse> Reload(MasterConnection& master,
                                          const std::optional<std::string>& file,
                                          v1::ReloadRequest::Wait wait,
                                          const std::optional<v1::ReloadCondition>& only_if) {
  if (!file.has_value()) {
    v1::ReloadRequest request;
    request.set_wait(wait);
    if (only_if.has_value()) *request.mutable_only_if() = *only_if;
    // A refusal tells by itself what goes on serving.
    return master.Order<v1::ReloadResponse>(request, "reloading");
  }
  v1::ReloadConfigTextRequest request;
  MUSTER_ASSIGN_OR_RETURN(*request.mutable_config(), ReadConfigFile(*file));
  request.set_wait(wait);
  if (only_if.has_value()) *request.mutable_only_if() = *only_if;
  return master.Order<v1::ReloadResponse>(request, "reloading");
}

absl::StatusOr<Answer> Plan(MasterConnection& master, const std::optional<std::string>& file) {
  std::optional<v1::ConfigText> config;
  if (file.has_value()) {
    MUSTER_ASSIGN_OR_RETURN(config, ReadConfigFile(*file));
  }
  MUSTER_ASSIGN_OR_RETURN(const v1::Status status, master.Ask<v1::Status>(v1::GetStatusRequest()));
  const std::string name =
      file.has_value() ? NameOfConfigFile(*file) : status.master().config_file();
  MUSTER_ASSIGN_OR_RETURN(v1::ConfigCheck check, CheckConfigArgument(master, config, "planning"));
  if (!check.is_good()) return MistakesOf(check, name);
  if (!check.has_plan()) {
    return absl::UnimplementedError("this master makes no plans; is it older?");
  }
  std::string text = RenderPlan(check.plan());
  const std::string in_force = absl::StrCat("in force: generation ", status.master().generation());
  absl::StrAppend(&text, check.differences().empty()
                             ? "no field changes\n"
                             : RenderDifferences(check, in_force, name, /*has_colours=*/false));
  return MakeAnswer(std::move(check), std::move(text));
}

absl::StatusOr<Answer> Order(MasterConnection& master, const Arguments& arguments) {
  if (arguments.has("plan")) return Plan(master, arguments.text("config"));
  const bool until_drained = arguments.text("wait") == "drained";
  std::optional<v1::ReloadCondition> only_if;
  if (arguments.has("if-generation") || arguments.has("if-hash")) {
    only_if.emplace();
    only_if->set_generation(arguments.number("if-generation").value_or(0));
    only_if->set_hash(arguments.text("if-hash").value_or(""));
  }
  MUSTER_ASSIGN_OR_RETURN(
      v1::ReloadResponse answer,
      Reload(master, arguments.text("config"),
             until_drained ? v1::ReloadRequest::DRAINED : v1::ReloadRequest::READY, only_if));
  std::string text = ServingText(answer);
  if (until_drained) {
    absl::StrAppend(&text, "of the old workers ", answer.exited(), " exited and ", answer.killed(),
                    " were killed, ", config::Counted(answer.connections_ended(), "connection"),
                    " cut off\n");
  }
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
        "With --config, the master loads that file until the next reload. That needs the role\n"
        "ADMIN, and relative paths are relative to the master's prefix.\n"
        "With --if-generation or --if-hash it is refused if somebody else was faster: then\n"
        "something else is in force than you have looked at.\n"
        "With --plan nothing is done: it lists the workers, listeners and zones that a reload\n"
        "would keep, make and drop, and then the fields that differ, as ctl config diff.\n"
        "\n"
        "Examples:\n"
        "  ctl reload\n"
        "  ctl reload --wait drained --config next.textproto\n"
        "  ctl reload --if-generation 4\n"
        "  ctl reload --plan\n"
        "  ctl reload && curl -fsS http://127.0.0.1:8080/\n"
        "  ctl --timeout 30s reload; [ $? -eq 4 ] && ctl status",
    .parameters = kParameters,
    .order = Order,
};

}  // namespace muster::ctl
