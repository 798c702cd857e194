#ifndef MUSTER_MASTER_SYSTEMD_SERVICE_NOTIFIER_H_
#define MUSTER_MASTER_SYSTEMD_SERVICE_NOTIFIER_H_

#include <cstddef>
#include <deque>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "muster/loop/clock.h"
#include "muster/loop/timer.h"
#include "muster/master/systemd/manager_socket.h"
#include "muster/proto/state/process_state.pb.h"

namespace muster::master {

// Reports the master's state to the service manager that started this process, by the protocol of
// sd_notify(3). Without $NOTIFY_SOCKET nothing happens. A manager that is gone is not an error.
//
// If $WATCHDOG_USEC is set for this process (sd_watchdog_enabled(3)), the manager hears twice in
// that time that the loop runs: a loop that hangs says nothing, and the manager ends the process.
//
// No function blocks: sd_notify(3) itself waits for a manager whose socket is full. What the
// manager does not take now is sent later, in order, from the loop. Used in the loop's thread.
class ServiceNotifier {
 public:
  // Reads $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID. `timers`: the event loop, which
  // outlives the object.
  explicit ServiceNotifier(loop::TimerQueue& timers);
  // From now on the manager hears that the loop runs, and what it did not take before.
  void Begin();

  // What the manager did not take, for the program that replaces this one. Where the manager is,
  // and how long it waits, is in the environment, which stays.
  state::v1::ServiceNotifierState Save() const;
  // Before Begin. The error has the field.
  absl::Status Restore(const state::v1::ServiceNotifierState& state);

  // The master has finished its start, a reload, successful or not, a pause or a resumption.
  // `status`: one line for people.
  void TellReady(absl::string_view status);
  // A reload begins. To be called once for each, at that moment: the message has the time.
  void TellReloading();
  void TellStopping();

 private:
  // More than a manager that is alive leaves unread. The oldest goes first.
  static constexpr std::size_t kMostUnsent = 64;

  void Tell(std::string message);
  void SendAll();
  void TellAlive();

  ManagerSocket socket_;
  std::deque<std::string> unsent_;
  loop::Timer again_;
  loop::Clock::duration watchdog_interval_{};  // zero: nobody watches
  loop::Timer watchdog_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_SYSTEMD_SERVICE_NOTIFIER_H_
