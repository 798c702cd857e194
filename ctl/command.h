#ifndef MUSTER_CTL_COMMAND_H_
#define MUSTER_CTL_COMMAND_H_

#include "absl/status/status.h"
#include "muster/ctl/master_connection.h"
#include "muster/ctl/output.h"

namespace muster::ctl {

// One subcommand. A file for each, which this names: kReloadCommand is in reload_command.cc.
struct Command {
  const char* name;
  const char* summary;
  // Follows the options in --help; ends with examples.
  const char* details;
  // Carries it out and prints the outcome on standard output. The message of an error is for the
  // person who gave the command. DeadlineExceeded and Unavailable: no answer came.
  absl::Status (*run)(MasterConnection& master, Output output);
};

extern const Command kStatusCommand;
extern const Command kWorkersCommand;
extern const Command kStatsCommand;
extern const Command kReloadCommand;
extern const Command kReopenCommand;
extern const Command kQuitCommand;
extern const Command kStopCommand;

}  // namespace muster::ctl

#endif  // MUSTER_CTL_COMMAND_H_
