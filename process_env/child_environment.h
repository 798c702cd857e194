#ifndef MUSTER_PROCESS_ENV_CHILD_ENVIRONMENT_H_
#define MUSTER_PROCESS_ENV_CHILD_ENVIRONMENT_H_

#include <string>
#include <vector>

namespace muster::process_env {

// The environment for programs that this process starts: its own, without what a service manager
// told this process alone. That is NOTIFY_SOCKET, FDSTORE and all names that begin with LISTEN_ or
// WATCHDOG_ (sd_notify(3), sd_pid_notify_with_fds(3), sd_listen_fds(3), sd_watchdog_enabled(3)).
// Entries "NAME=value", in their order.
std::vector<std::string> ChildEnvironment();

}  // namespace muster::process_env

#endif  // MUSTER_PROCESS_ENV_CHILD_ENVIRONMENT_H_
