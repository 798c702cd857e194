#ifndef MUSTER_MASTER_EVENTS_LOG_EVENTS_H_
#define MUSTER_MASTER_EVENTS_LOG_EVENTS_H_

#include <optional>

#include "muster/master/decide/supervisor_action.h"
#include "muster/master/events/event_ring.h"
#include "muster/master/process/log.h"
#include "muster/proto/event.pb.h"

namespace muster::master {

admin::v1::Event::Severity SeverityOf(Severity severity);

// What a line of the core tells, as an event. Nothing: it is of no topic, and no warning.
std::optional<admin::v1::Event> EventOf(const LogAction& action);

// As long as it is there, the warnings and errors of `log` are events as well.
class LogEvents {
 public:
  // Both outlive it.
  LogEvents(Log& log, EventRing& ring);
  ~LogEvents() { log_.SetListener(nullptr); }
  LogEvents(const LogEvents&) = delete;
  LogEvents& operator=(const LogEvents&) = delete;

 private:
  Log& log_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_EVENTS_LOG_EVENTS_H_
