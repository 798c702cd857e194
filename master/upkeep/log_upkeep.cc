#include "muster/master/upkeep/log_upkeep.h"

#include <cstdint>

#include "muster/log/lost_lines.h"

namespace muster::master {

LogUpkeep::LogUpkeep(loop::TimerQueue& timers, Log& log, worker::MasterStatus& status)
    : timers_(timers), log_(log), status_(status), timer_(timers, [this] { Beat(); }) {
  timer_.SetAfter(kInterval);
}

void LogUpkeep::Beat() {
  log_.Flush(timers_.now());
  status_.log_lines_lost.Set(static_cast<std::int64_t>(log::LostLines()));
  timer_.SetAfter(kInterval);
}

}  // namespace muster::master
