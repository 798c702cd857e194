#include <string>

#include "absl/strings/str_cat.h"
#include "muster/ctl/command/command.h"
#include "muster/ctl/exit_code.h"
#include "muster/ctl/text/output.h"
#include "muster/ctl/text/table.h"
#include "muster/ipc/base/status.h"

namespace muster::ctl {
namespace {

constexpr Parameter kParameters[] = {
    {.name = "--names", .summary = "Only the names, one on a line"},
};

std::string TextOf(const NamedMasters& masters, bool is_brief) {
  std::string text;
  Table table({{"NAME"}, {"ADDRESS"}, {"TLS"}, {"DEFAULT"}});
  for (const std::string& name : masters.names()) {
    const client::v1::NamedMaster& master = *masters.Find(name);
    text += name + "\n";
    table.AddRow({name, master.address(), master.certificate().empty() ? "no" : "yes",
                  name == masters.default_master() ? "yes" : ""});
  }
  if (is_brief) return text;
  if (text.empty()) {
    return absl::StrCat("no master has a name",
                        masters.path().empty() ? "" : absl::StrCat(" in ", masters.path()), "\n");
  }
  return table.Render();
}

absl::Status Run(const Session& session) {
  const auto masters = session.named_masters();
  if (!masters.ok()) return ExitWith(ExitCode::kUsage, masters.status());
  return Print(session.output, masters->config(), TextOf(*masters, session.arguments.has("names")));
}

}  // namespace

const Command kMastersCommand = {
    .name = "masters",
    .summary = "List the masters that have a name",
    .details =
        "They are in ~/.config/muster/ctl.textproto, or in the file of --ctl-config. No\n"
        "master is asked.\n"
        "\n"
        "Examples:\n"
        "  ctl masters\n"
        "  ctl -m \"$(ctl masters --names | paste -sd,)\" status",
    .parameters = kParameters,
    .run = Run,
};

}  // namespace muster::ctl
