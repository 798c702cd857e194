#ifndef MUSTER_MASTER_SERVING_MASTER_H_
#define MUSTER_MASTER_SERVING_MASTER_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/ipc/process/signal_set.h"
#include "muster/loop/event_loop.h"
#include "muster/master/access/admin_terms.h"
#include "muster/master/command_line.h"
#include "muster/master/events/call_audit.h"
#include "muster/master/events/event_ring.h"
#include "muster/master/events/log_events.h"
#include "muster/master/listen/listener_set.h"
#include "muster/master/metrics/master_counts.h"
#include "muster/master/process/log.h"
#include "muster/master/process/pid_file.h"
#include "muster/master/supervisor.h"
#include "muster/master/upgrader.h"

namespace muster::master {

// What a master is told of, from its begin on, whatever program it is.
struct MasterRecords {
  explicit MasterRecords(Log& master_log);
  MasterRecords(const MasterRecords&) = delete;
  MasterRecords& operator=(const MasterRecords&) = delete;

  Log& log;
  EventRing events;
  MasterCounts counts;
  LogEvents log_events;
  CallAudit audit;
};

// What a start has made, fresh or restored, and a master then serves with. It is destroyed in the
// order from the last to the first.
struct StartedMaster {
  MasterRecords& records;
  PidFile& pid_file;
  ipc::SignalSet signals;
  std::unique_ptr<loop::EventLoop> loop;
  std::unique_ptr<Supervisor> supervisor;
  // Of the generation that serves, or will.
  ListenerSet listeners;
  AdminTerms admin_terms;
  Programs programs;
};

// A place in the configuration, for an error of a field: "muster.textproto:3:16: admin.listen:
// ...".
using Explain = std::function<absl::Status(absl::string_view field, const absl::Status& status)>;

// How a start goes on in the first round of the loop, when all that serves is made.
struct Begin {
  // Whether the admin service and the page of metrics accept from the first moment on. If not, then
  // after take_over, and before that the admin service has answered a call of the program's own.
  bool accepts_at_once = true;
  // Before any signal is read. An error is that of Serve.
  std::function<absl::Status()> take_over;
  std::function<void()> go_on;
};

// Lets the loop run until the master has ended, and returns the exit code. The admin service and
// the page of metrics answer meanwhile. If the process is to become another program, it does; if it
// cannot, the loop runs on.
absl::StatusOr<int> Serve(StartedMaster& master, const Invocation& invocation,
                          const Explain& explain, Begin begin);

}  // namespace muster::master

#endif  // MUSTER_MASTER_SERVING_MASTER_H_
