#ifndef MUSTER_CTL_COMMAND_COMMAND_LIST_H_
#define MUSTER_CTL_COMMAND_COMMAND_LIST_H_

#include "absl/types/span.h"
#include "muster/ctl/command/parameter.h"

namespace muster::ctl {

struct Command;

// The first word of several commands: "config" of "config show" and "config check".
struct CommandGroup {
  const char* name;
  const char* summary;
};

// All that can be written on a command line (command_table.h).
struct CommandList {
  // As help lists them.
  absl::Span<const Command* const> commands;
  absl::Span<const CommandGroup> groups;
  // Options of all commands.
  absl::Span<const Parameter> options;
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_COMMAND_COMMAND_LIST_H_
