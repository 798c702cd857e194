#ifndef MUSTER_CTL_COMMAND_H_
#define MUSTER_CTL_COMMAND_H_

#include "absl/status/status.h"
#include "muster/ctl/master_connection.h"
#include "muster/ctl/output.h"

namespace muster::ctl {

// One subcommand of ctl. Each has a file of its own: kReloadCommand is in reload_command.cc.
struct Command {
  const char* name;
  const char* summary;
  // The text after the options in --help. Ends with examples.
  const char* details;
  // Carries the command out and prints the outcome to standard output. Blocks until the answer. The
  // message of an error is for the operator. DeadlineExceeded and Unavailable: no answer came.
  absl::Status (*run)(MasterConnection& master, Output output);
};

extern const Command kStatusCommand;
extern const Command kWorkersCommand;
extern const Command kStatsCommand;
extern const Command kReloadCommand;
extern const Command kReopenCommand;
extern const Command kPauseCommand;
extern const Command kResumeCommand;
extern const Command kQuitCommand;
extern const Command kStopCommand;

}  // namespace muster::ctl

#endif  // MUSTER_CTL_COMMAND_H_
