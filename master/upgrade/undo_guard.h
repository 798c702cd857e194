#ifndef MUSTER_MASTER_UPGRADE_UNDO_GUARD_H_
#define MUSTER_MASTER_UPGRADE_UNDO_GUARD_H_

#include <functional>
#include <string>

#include "muster/master/upgrade/upgrade_start.h"

namespace muster::master {

// The way back to the program before, for one that was executed in a running master's place. From
// ArmUndoGuard on, until the program has reported that it works, all of these execute the program
// before in this process, with the same state: Undo, an end by exit, SIGSEGV, SIGBUS, SIGABRT,
// SIGILL, SIGFPE, SIGSYS and SIGTRAP in any thread, and the deadline. The program before finds the
// descriptors that the state is about, since nobody closes those before the report
// (keep/descriptor_inheritance.h). A process that another signal has killed is gone, as at any
// time.
//
// Only what is in the state's front is used (state_file.h). Nothing is allocated. Handlers run on a
// stack of their own in the main thread, and in each thread that is started meanwhile
// (guarded_thread.cc). One guard in a process.

// The most tries of one state, the first included: a program before that fails in its turn is
// executed again, and then no more.
inline constexpr int kMostTries = 3;

// To be called before anything else in the process. A trial is given a process group of its own,
// and ends with the process that has started it. Does nothing for other starts.
void ArmUndoGuard(const UpgradeStart& start);

// Whether there is a way back now.
bool IsUndoGuardArmed();

// What the program is about to do, for the reason of an undo: "restoring the listeners". `step`
// stays as long as the process.
void NoteRestoreStep(const char* step);
// `tell` gets each step from now on.
void TellRestoreSteps(std::function<void(const char* step)> tell);

// Goes back. Does not return; if there is no way back, or it is barred, the process ends with 1. If
// another thread goes back already, that one's reason holds.
[[noreturn]] void Undo(const std::string& reason);

// The program works: there is no way back from here on, and signals do what they did. Does not
// return if another thread goes back already.
void DisarmUndoGuard();

}  // namespace muster::master

#endif  // MUSTER_MASTER_UPGRADE_UNDO_GUARD_H_
