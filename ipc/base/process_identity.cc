#include "muster/ipc/base/process_identity.h"

#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "muster/ipc/base/start_time.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::ipc {
namespace {

// A start is told by the clock of who asks, so only what was asked by that of the machine compares.
bool HasClockOfMachine() {
  // The number of the first time namespace, on every machine.
  constexpr ino_t kFirst = 0xEFFFFFFA;
  struct stat own;
  // No file: there is no other.
  return ::stat("/proc/self/ns/time", &own) != 0 || own.st_ino == kFirst;
}

}  // namespace

ProcessIdentity IdentityOf(pid_t pid) {
  if (pid <= 0) return {};
  return {.pid = pid,
          .start_time_ticks = HasClockOfMachine() ? StartTimeTicks(pid) : 0,
          .pid_namespace = OwnPidNamespace()};
}

std::uint64_t OwnPidNamespace() {
  struct stat own;
  return ::stat("/proc/self/ns/pid", &own) == 0 ? own.st_ino : 0;
}

bool IsGone(const ProcessIdentity& process) {
  if (process.pid <= 0 || process.pid_namespace == 0) return false;
  if (process.pid_namespace != OwnPidNamespace()) return false;
  const UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  if (!fd.valid()) return errno == ESRCH;
  // The descriptor first: it stays with the process that has the number now, whose start is asked
  // next. It is readable once the last thread has ended.
  const std::uint64_t start_time_ticks = StartTimeTicks(process.pid);
  pollfd dead = {fd.get(), POLLIN, 0};
  if (::poll(&dead, 1, 0) == 1) return true;
  return process.start_time_ticks != 0 && start_time_ticks != 0 &&
         start_time_ticks != process.start_time_ticks && HasClockOfMachine();
}

}  // namespace muster::ipc
