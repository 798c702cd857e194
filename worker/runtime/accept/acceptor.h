#ifndef MUSTER_WORKER_RUNTIME_ACCEPT_ACCEPTOR_H_
#define MUSTER_WORKER_RUNTIME_ACCEPT_ACCEPTOR_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/loop/clock.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/timer.h"
#include "muster/worker/runtime/accept/accept_mutex.h"
#include "muster/worker/runtime/accept/admission.h"
#include "muster/worker/runtime/accept/listener_terms.h"
#include "muster/worker/runtime/accept/listening_socket.h"
#include "muster/worker/runtime/connection.h"
#include "muster/worker/runtime/connection_lease.h"
#include "muster/worker/runtime/error_log.h"
#include "muster/worker/runtime/inheritance.h"
#include "muster/worker/zone/slot_stats.h"

namespace muster::worker {

// Accepts new connections from the listeners, by the configured policy (EXCLUSIVE, MUTEX,
// REUSEPORT), and passes them to the admission. Accepts none while the worker is full or has no
// free descriptor: they wait in the listener, for this worker or another. No connection is accepted
// only to be closed. In the loop's thread.
class Acceptor {
 public:
  // All of it outlives the acceptor.
  struct Surroundings {
    loop::EventLoop& loop;
    const ErrorLog& log;
    ConnectionCount& connections;
    SlotStats& stats;
    Admission& admission;
  };

  // Accepts nothing before Start. `turns`: set with the policy MUTEX only. InvalidArgument: what
  // the configuration says of a listener cannot be.
  static absl::StatusOr<std::unique_ptr<Acceptor>> Create(const Surroundings& surroundings,
                                                          const config::v1::Config& config,
                                                          std::vector<InheritedListener> listeners,
                                                          std::optional<AcceptTurns> turns);
  ~Acceptor();

  // Accepts from now on. To be called at most once, and not after Stop. FailedPrecondition: names
  // the listeners that do not listen; it accepts from the others. Any other error: there is nothing
  // with which to accept, and it accepts nothing.
  absl::Status Start();

  // To be called after each round of the loop. Accepts again if the worker was full and is not now.
  void AfterRound() {
    if (state_ == State::kFull && !is_full()) Resume();
  }

  // To be called once a second. With EXCLUSIVE it accepts the connections that wait: the kernel
  // tells one worker of a connection, and if that worker died, or had no free descriptor, no other
  // would accept it.
  void Sweep();

  // Stops for good. Removes the listeners from the epoll set first: closing alone would leave them
  // there as long as another process has them. Then, if there are `successors`, the workers that
  // serve after this one, gives them the connections of which the kernel may have told this worker
  // alone. Then closes the listeners.
  void Stop(const std::optional<Admission::Successors>& successors);

 private:
  enum class State { kNotStarted, kAccepting, kFull, kPaused, kStopped };
  class Source;
  struct Accepted {
    Connection connection;
    // Of its listener, which is there as long as the acceptor accepts.
    const std::shared_ptr<const ListenerTerms>* terms;
  };

  Acceptor(const Surroundings& surroundings, const config::v1::Config& config,
           std::vector<ListeningSocket> listeners, std::optional<AcceptTurns> turns);
  bool is_full() const { return around_.connections.held() >= worker_connections_; }
  // Drops the listeners that do not listen.
  absl::Status CheckListeners();
  absl::Status WatchAll();
  void UnwatchAll();
  void Suspend(State state);
  void Resume();
  void Pause(const ListeningSocket& listener);
  // Accepts up to `most` connections. Returns how many.
  int Accept(const ListeningSocket& listener, int most);
  void HandOver();
  void SkipIfBusy();

  Surroundings around_;
  config::v1::Accept policy_;
  std::uint32_t worker_connections_;
  loop::Clock::duration accept_delay_;
  std::optional<AcceptTurns> turns_;  // until Start
  std::vector<ListeningSocket> listeners_;
  State state_ = State::kNotStarted;
  std::optional<loop::TimePoint> told_at_;  // of the cause of a pause
  std::vector<Accepted> accepted_;
  loop::Timer resume_;
  std::vector<std::unique_ptr<Source>> sources_;  // EXCLUSIVE and REUSEPORT
  std::unique_ptr<AcceptMutex> accept_mutex_;     // MUTEX
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_ACCEPT_ACCEPTOR_H_
