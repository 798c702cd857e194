#include "muster/ctl/command/command_table.h"

namespace muster::ctl {
namespace {

constexpr const Command* kCommands[] = {
    &kStatusCommand,  //
    &kWorkersCommand, &kStatsCommand,  &kReloadCommand, &kReopenCommand,
    &kPauseCommand,   &kResumeCommand, &kQuitCommand,   &kStopCommand,
};

}  // namespace

absl::Span<const Command* const> Commands() { return kCommands; }

absl::Span<const CommandGroup> CommandGroups() { return {}; }

}  // namespace muster::ctl
