#ifndef MUSTER_CTL_COMMAND_COMMAND_TABLE_H_
#define MUSTER_CTL_COMMAND_COMMAND_TABLE_H_

#include "absl/types/span.h"
#include "muster/ctl/command/command.h"

namespace muster::ctl {

// The first word of several commands: "config" of "config show" and "config check".
struct CommandGroup {
  const char* name;
  const char* summary;
};

// All commands, as help lists them.
absl::Span<const Command* const> Commands();

absl::Span<const CommandGroup> CommandGroups();

}  // namespace muster::ctl

#endif  // MUSTER_CTL_COMMAND_COMMAND_TABLE_H_
