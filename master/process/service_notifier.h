#ifndef MUSTER_MASTER_PROCESS_SERVICE_NOTIFIER_H_
#define MUSTER_MASTER_PROCESS_SERVICE_NOTIFIER_H_

#include "absl/strings/string_view.h"

namespace muster::master {

// Reports the master's state to the service manager that started this process (systemd, Type=notify
// or notify-reload): sd_notify(3). Without $NOTIFY_SOCKET nothing happens. A manager that does not
// listen is not an error. The functions do not block for long. Call them from one thread.

// The master serves: for the first time, or after a reload, whether that succeeded or not.
void NotifyReady(absl::string_view status);
void NotifyReloading();
void NotifyStopping();

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_SERVICE_NOTIFIER_H_
