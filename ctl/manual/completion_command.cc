#include <string>

#include "muster/ctl/command/command.h"
#include "muster/ctl/manual/completion.h"
#include "muster/ctl/text/output.h"

namespace muster::ctl {
namespace {

constexpr Parameter kParameters[] = {
    {.name = "SHELL",
     .kind = Parameter::Kind::kText,
     .summary = "The shell",
     .choices = "bash|zsh|fish",
     .is_required = true},
};

absl::Status Run(const Session& session) {
  const std::string shell = *session.arguments.text("SHELL");
  if (shell == "zsh") return Write(ZshCompletion(session.list));
  if (shell == "fish") return Write(FishCompletion(session.list));
  return Write(BashCompletion(session.list));
}

}  // namespace

const Command kCompletionCommand = {
    .name = "completion",
    .summary = "Print a script that completes command lines of ctl",
    .details =
        "It completes commands, options, their values and the names of masters.\n"
        "\n"
        "Examples:\n"
        "  source <(ctl completion bash)\n"
        "  ctl completion zsh >\"${fpath[1]}/_ctl\"\n"
        "  ctl completion fish >~/.config/fish/completions/ctl.fish",
    .parameters = kParameters,
    .run = Run,
};

}  // namespace muster::ctl
