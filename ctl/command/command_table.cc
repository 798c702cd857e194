#include "muster/ctl/command/command_table.h"

namespace muster::ctl {
namespace {

// One a line, so that adding one conflicts with nothing.
// clang-format off
constexpr const Command* kCommands[] = {
    &kStatusCommand,
    &kWorkersCommand,
    &kStatsCommand,
    &kEventsCommand,
    &kCallsCommand,
    &kCallCommand,
    &kReloadCommand,
    &kReopenCommand,
    &kPauseCommand,
    &kResumeCommand,
    &kQuitCommand,
    &kStopCommand,
};
// clang-format on

}  // namespace

absl::Span<const Command* const> Commands() { return kCommands; }

absl::Span<const CommandGroup> CommandGroups() { return {}; }

}  // namespace muster::ctl
