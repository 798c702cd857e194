#ifndef CTL_COMMANDS_H_
#define CTL_COMMANDS_H_

#include <CLI/App.hpp>

#include "ctl/invocation.h"

namespace muster::ctl {

// Each adds one subcommand to `app`, which sets `invocation`'s command when it is chosen. Both
// outlive the parsing. A command's file says what it does.
void AddStatusCommand(CLI::App& app, Invocation& invocation);
void AddWorkersCommand(CLI::App& app, Invocation& invocation);
void AddStatsCommand(CLI::App& app, Invocation& invocation);
void AddReloadCommand(CLI::App& app, Invocation& invocation);
void AddReopenCommand(CLI::App& app, Invocation& invocation);
void AddQuitCommand(CLI::App& app, Invocation& invocation);
void AddStopCommand(CLI::App& app, Invocation& invocation);

}  // namespace muster::ctl

#endif  // CTL_COMMANDS_H_
