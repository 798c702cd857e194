#include "muster/master/admin/report/log_level.h"

namespace muster::master {

using admin::v1::Event;
using config::v1::Log;

Event::Severity ToSeverity(Log::Level level) {
  switch (level) {
    case Log::DEBUG:
      return Event::DEBUG;
    case Log::INFO:
      return Event::INFO;
    case Log::WARN:
      return Event::WARNING;
    case Log::ERROR:
      return Event::ERROR;
    default:
      return Event::SEVERITY_UNSPECIFIED;
  }
}

std::optional<Log::Level> ToConfigLevel(Event::Severity severity) {
  switch (severity) {
    case Event::DEBUG:
      return Log::DEBUG;
    case Event::INFO:
      return Log::INFO;
    case Event::WARNING:
      return Log::WARN;
    case Event::ERROR:
      return Log::ERROR;
    default:
      return std::nullopt;
  }
}

}  // namespace muster::master
