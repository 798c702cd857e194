#ifndef MUSTER_MASTER_PROCESS_PROCESS_MOMENT_H_
#define MUSTER_MASTER_PROCESS_PROCESS_MOMENT_H_

#include <sys/types.h>

#include <string>

namespace muster::master {

// What the main thread of a process does at one moment, as the kernel tells. Texts are empty where
// it does not tell, or not to us.
struct ProcessMoment {
  // As in /proc/PID/stat: R runs, S sleeps, D sleeps where no signal reaches it, T is stopped, t is
  // stopped by a debugger, Z is dead. 0: there is no such process.
  char state = 0;
  std::string wchan{};  // the function of the kernel in which it sleeps
  // The number of the system call, and its arguments in hexadecimal, but for addresses.
  std::string syscall{};

  // "sleeps, in system call 230 (0x0 0x0 pointer), in the kernel's hrtimer_nanosleep"
  std::string ToString() const;
};

// Reads /proc. May wait, for example while the process replaces its program: not in the loop.
ProcessMoment MomentOf(pid_t pid);

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_PROCESS_MOMENT_H_
