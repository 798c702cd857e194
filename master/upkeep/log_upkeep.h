#ifndef MUSTER_MASTER_UPKEEP_LOG_UPKEEP_H_
#define MUSTER_MASTER_UPKEEP_LOG_UPKEEP_H_

#include <chrono>

#include "muster/loop/timer.h"
#include "muster/loop/timer_queue.h"
#include "muster/master/process/log.h"
#include "muster/worker/zone/master_status.h"

namespace muster::master {

// Once a second: the log writes what it had no room for, and the zone shows how many lines the
// master has lost. In the loop's thread.
class LogUpkeep {
 public:
  static constexpr std::chrono::seconds kInterval{1};

  // `timers`, which is the loop, the log and the zone's memory outlive it.
  LogUpkeep(loop::TimerQueue& timers, Log& log, worker::MasterStatus& status);

 private:
  void Beat();

  loop::TimerQueue& timers_;
  Log& log_;
  worker::MasterStatus& status_;
  loop::Timer timer_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_UPKEEP_LOG_UPKEEP_H_
