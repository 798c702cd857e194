#ifndef MUSTER_CTL_COMMAND_COMMAND_H_
#define MUSTER_CTL_COMMAND_COMMAND_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "muster/ctl/command/answer.h"
#include "muster/ctl/command/arguments.h"
#include "muster/ctl/command/parameter.h"
#include "muster/ctl/command/session.h"
#include "muster/ctl/master/master_connection.h"

namespace muster::ctl {

// One command of ctl. Each has a file of its own: kReloadCommand is in reload_command.cc. A new one
// is a file, a line below, and a line in command_table.cc. The parser, --help, the completions and
// the man page are made of the table.
struct Command {
  // Its words: "reload", "config show". The first of two is a group's (command_list.h).
  const char* name;
  const char* summary;
  // The text after the options in --help. Ends with examples.
  const char* details;
  absl::Span<const Parameter> parameters = {};

  // Carries the command out. One of these is set. They block until the answer. The message of an
  // error is for the operator; DeadlineExceeded and Unavailable: no answer came.

  // A question, which changes nothing.
  absl::StatusOr<Answer> (*ask)(MasterConnection& master, const Arguments& arguments) = nullptr;
  // Beside `ask`, for a command with an option --watch: with it this is called instead. It prints
  // by itself whenever the answer has changed.
  absl::Status (*watch)(const Session& session) = nullptr;
  // An order, which changes something.
  absl::StatusOr<Answer> (*order)(MasterConnection& master, const Arguments& arguments) = nullptr;
  // Anything else: it connects by itself, if at all, and prints by itself.
  absl::Status (*run)(const Session& session) = nullptr;
};

extern const Command kStatusCommand;
extern const Command kWorkersCommand;
extern const Command kStatsCommand;
extern const Command kEventsCommand;
extern const Command kTopCommand;
extern const Command kCallCommand;
extern const Command kCallsCommand;
extern const Command kConfigShowCommand;
extern const Command kConfigCheckCommand;
extern const Command kConfigDiffCommand;
extern const Command kZonesCommand;
extern const Command kLocksCommand;
extern const Command kReloadCommand;
extern const Command kHistoryCommand;
extern const Command kRollbackCommand;
extern const Command kRestartCommand;
extern const Command kScaleCommand;
// All in worker_commands.cc.
extern const Command kWorkerRestartCommand;
extern const Command kWorkerDrainCommand;
extern const Command kWorkerQuitCommand;
extern const Command kWorkerKillCommand;
// All in upgrade_commands.cc.
extern const Command kUpgradeCommand;
extern const Command kUndoCommand;
extern const Command kCommitCommand;
extern const Command kLogLevelCommand;
extern const Command kReopenCommand;
extern const Command kPauseCommand;
extern const Command kResumeCommand;
extern const Command kQuitCommand;
extern const Command kStopCommand;
extern const Command kDiagnoseCommand;
extern const Command kMastersCommand;
extern const Command kCompletionCommand;
extern const Command kManCommand;

}  // namespace muster::ctl

#endif  // MUSTER_CTL_COMMAND_COMMAND_H_
