#ifndef MUSTER_MASTER_UPKEEP_ZONE_UPKEEP_H_
#define MUSTER_MASTER_UPKEEP_ZONE_UPKEEP_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "muster/loop/clock.h"
#include "muster/loop/timer.h"
#include "muster/loop/timer_queue.h"
#include "muster/master/process/log.h"
#include "muster/worker/zone/accept_mutex_watch.h"
#include "muster/worker/zone/shared_zone.h"

namespace muster::master {

// Any process that has a zone can damage any word in it. So the master stores again what is its
// own, twice a second, and frees the accept mutex if its word is damaged or its holder does not go
// on. The log has that once a minute at most, so that a worker that damages it again and again does
// not fill it. In the loop's thread.
class ZoneUpkeep {
 public:
  static constexpr auto kInterval = worker::AcceptMutexWatch::kInterval;
  static constexpr std::chrono::minutes kBetweenWarnings{1};

  struct Callbacks {
    // Stores again what is not the layout of the shared zone: its MasterStatus, the user zones.
    std::function<void()> restore_rest;
    // The name in the log of the worker in a slot. Empty: there is none.
    std::function<std::string(std::uint32_t slot)> name_of;
  };

  // `timers`, which is the loop, the log and the zone, which SharedZone::Create made, outlive it.
  // Looks for the first time after kInterval.
  ZoneUpkeep(loop::TimerQueue& timers, Log& log, const worker::SharedZone& zone,
             Callbacks callbacks);

  // When the log may have the next line, for the program that replaces this one.
  loop::TimePoint next_warning() const { return next_warning_; }
  void SetNextWarning(loop::TimePoint next) { next_warning_ = next; }

 private:
  void Look();
  void Warn(const worker::AcceptMutexWatch::Report& report);

  loop::TimerQueue& timers_;
  Log& log_;
  const worker::SharedZone& zone_;
  const Callbacks callbacks_;
  worker::AcceptMutexWatch accept_mutex_watch_;
  loop::TimePoint next_warning_{};
  loop::Timer timer_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_UPKEEP_ZONE_UPKEEP_H_
