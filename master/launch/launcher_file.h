#ifndef MUSTER_MASTER_LAUNCH_LAUNCHER_FILE_H_
#define MUSTER_MASTER_LAUNCH_LAUNCHER_FILE_H_

namespace muster::master {

// A file in memory that has the launcher alone (launcher.h), to be executed. The master's program
// has it within. So it is of the same build, as the form of a LaunchPlan needs, whatever became of
// files since. The master's own program as a launcher takes 4 ms more, for libraries that a
// launcher does not need.
//
// It is made at the first call, sealed, and closed in what a process executes. -1: it could not be
// made, as where the kernel executes nothing that is in memory only (vm.memfd_noexec); that stays
// so. For any thread.
int LauncherFile();

}  // namespace muster::master

#endif  // MUSTER_MASTER_LAUNCH_LAUNCHER_FILE_H_
