#ifndef MUSTER_MASTER_DAEMON_H_
#define MUSTER_MASTER_DAEMON_H_

#include <variant>

#include "muster/master/command_line.h"

namespace muster::master {

// Divides this process, which has one thread, into two. The other one is the daemon: it has a
// session of its own, and there this returns the number of a descriptor, for ReadyFd::Adopt. In the
// process that was started it waits until the daemon serves, or has ended, and returns its exit
// code then: kDone only if the daemon serves. It passes the signals on that end a master, and says
// in a line on standard error why there is no daemon, unless the daemon has said so itself.
//
// Not for a program that takes over a running master: that is a daemon already.
std::variant<int, ExitCode> BecomeDaemon();

// Notes which descriptors the process has beside the standard ones, up to 1023: those that it has
// inherited, if this is called before anything is opened, even by the constructors of libraries.
// The daemon closes them, since whoever reads from one would wait for as long as the daemon runs.
// Does nothing if the command line does not ask for a daemon.
void NoteInheritedDescriptors(int argc, char** argv);

}  // namespace muster::master

#endif  // MUSTER_MASTER_DAEMON_H_
