#ifndef MUSTER_MASTER_UPKEEP_LISTENER_WATCH_H_
#define MUSTER_MASTER_UPKEEP_LISTENER_WATCH_H_

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "muster/loop/timer.h"
#include "muster/loop/timer_queue.h"
#include "muster/master/listen/listener_set.h"
#include "muster/master/process/log.h"

namespace muster::master {

// Tells the log, once each time, that the file of a Unix listener is gone, so that nobody can
// connect. Only a reload makes it again, since that takes another socket. In the loop's thread.
class ListenerWatch {
 public:
  static constexpr std::chrono::seconds kInterval{1};

  // `current` returns the listeners that serve; null: there are none. `timers`, which is the loop,
  // the log and what `current` uses outlive it. Looks for the first time after kInterval.
  ListenerWatch(loop::TimerQueue& timers, Log& log, std::function<const ListenerSet*()> current);

  // Of which the log has it, for the program that replaces this one.
  const std::vector<std::string>& unreachable() const { return unreachable_; }
  void SetUnreachable(std::vector<std::string> addresses) { unreachable_ = std::move(addresses); }

 private:
  void Look();

  Log& log_;
  const std::function<const ListenerSet*()> current_;
  std::vector<std::string> unreachable_;  // the log has them
  loop::Timer timer_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_UPKEEP_LISTENER_WATCH_H_
