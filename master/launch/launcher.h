#ifndef MUSTER_MASTER_LAUNCH_LAUNCHER_H_
#define MUSTER_MASTER_LAUNCH_LAUNCHER_H_

#include <optional>
#include <string>

#include "muster/worker/protocol/command.h"

namespace muster::master {

// A program that is started with this as its first argument is a launcher: it becomes what a
// LaunchPlan says, and then executes another program in its place. So that program never runs as
// root, and the master needs no fork. It is the small one of launcher_file.h, or the master's.
inline constexpr char kLaunchFlag[] = "--launch-worker";

// What the launcher gets, beside what is for the program: its plan, in a file; the write end of a
// pipe, which it writes to when it fails, and which is closed when the program is executed.
inline constexpr int kPlanFd = 5;
inline constexpr int kFailureFd = 6;
// The launcher's own file, if it is not the master's program (launcher_file.h).
inline constexpr int kLauncherFd = 23;

static_assert(kLauncherFd >= worker::kFirstLogFd + worker::kMostLogs);

// The step that failed, and why.
struct LaunchFailure {
  std::string step;  // "setresuid 33"
  bool is_execution = false;
  int error = 0;  // an errno

  std::string Serialize() const;
  // Empty: the bytes are none.
  static std::optional<LaunchFailure> Parse(const std::string& bytes);
};

// If kLaunchFlag is the first argument, this is the launcher, and the call does not return: it
// executes the file that worker::kProgramFd names, with the first argument and those after the
// flag. Otherwise it does nothing. To be called before anything else happens in the process, even
// before the constructors of libraries (.preinit_array): these take longer than all that it does.
void LaunchIfAsked(int argc, char** argv);

}  // namespace muster::master

#endif  // MUSTER_MASTER_LAUNCH_LAUNCHER_H_
