#include "muster/ctl/command/command_table.h"

#include "muster/ctl/command/command.h"

namespace muster::ctl {
namespace {

// One a line, so that adding one conflicts with nothing.
// clang-format off
constexpr const Command* kCommands[] = {
    &kStatusCommand,
    &kWorkersCommand,
    &kStatsCommand,
    &kTopCommand,
    &kEventsCommand,
    &kCallsCommand,
    &kCallCommand,
    &kZonesCommand,
    &kLocksCommand,
    &kConfigShowCommand,
    &kConfigCheckCommand,
    &kConfigDiffCommand,
    &kReloadCommand,
    &kHistoryCommand,
    &kRollbackCommand,
    &kRestartCommand,
    &kWorkerRestartCommand,
    &kWorkerDrainCommand,
    &kWorkerQuitCommand,
    &kWorkerKillCommand,
    &kScaleCommand,
    &kUpgradeCommand,
    &kUndoCommand,
    &kCommitCommand,
    &kLogLevelCommand,
    &kReopenCommand,
    &kPauseCommand,
    &kResumeCommand,
    &kQuitCommand,
    &kStopCommand,
    &kDiagnoseCommand,
    &kMastersCommand,
    &kCompletionCommand,
    &kManCommand,
};

constexpr CommandGroup kGroups[] = {
    {"config", "Show, check or compare configurations"},
    {"worker", "Replace, drain or kill one worker"},
};
// clang-format on

// Of all commands. Those of --help and --version are the parser's own.
constexpr Parameter kOptions[] = {
    {.name = "-m,--master",
     .kind = Parameter::Kind::kMaster,
     .value = "MASTER",
     .summary =
         "The master: unix:PATH, a path, HOST:PORT, or a name of ctl.textproto; several with "
         "commas for commands that change nothing",
     .environment = "MUSTER_MASTER"},
    {.name = "--insecure",
     .summary = "Use HOST:PORT without TLS: everybody on the way can read and change everything"},
    {.name = "--ctl-config",
     .kind = Parameter::Kind::kFile,
     .value = "FILE",
     .summary = "The file of named masters (default: ~/.config/muster/ctl.textproto)",
     .environment = "MUSTER_CTL_CONFIG"},
    {.name = "-o,--output",
     .kind = Parameter::Kind::kText,
     .value = "FORMAT",
     .summary = "How to print the answer; table is the default",
     .choices = "table|json"},
    {.name = "--timeout",
     .kind = Parameter::Kind::kDuration,
     .value = "DURATION",
     .summary = "How long connecting and the answer may take (default: 5s for commands that change "
                "nothing; no limit for the others)"},
};

}  // namespace

const CommandList& Commands() {
  static constexpr CommandList kList = {
      .commands = kCommands, .groups = kGroups, .options = kOptions};
  return kList;
}

}  // namespace muster::ctl
