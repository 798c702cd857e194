#ifndef MUSTER_MASTER_PROCESS_SERVICE_NOTIFIER_H_
#define MUSTER_MASTER_PROCESS_SERVICE_NOTIFIER_H_

#include "absl/strings/string_view.h"

namespace muster::master {

// Tells the service manager that started this process (systemd, Type=notify or notify-reload)
// where it stands: sd_notify(3). Nothing happens without $NOTIFY_SOCKET. A manager that does
// not listen is no error of ours. None blocks for long; call them from one thread.

// Serving, for the first time or after a reload, whether that went well or not.
void NotifyReady(absl::string_view status);
void NotifyReloading();
void NotifyStopping();

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_SERVICE_NOTIFIER_H_
