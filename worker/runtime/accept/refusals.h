#ifndef MUSTER_WORKER_RUNTIME_ACCEPT_REFUSALS_H_
#define MUSTER_WORKER_RUNTIME_ACCEPT_REFUSALS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "muster/loop/clock.h"
#include "muster/worker/origin/peer_address.h"
#include "muster/worker/runtime/accept/listener_terms.h"
#include "muster/worker/runtime/error_log.h"
#include "muster/worker/zone/worker_status.h"

namespace muster::worker {

// Counts the connections that a worker refuses by the terms of their listeners, and logs the first
// of each listener and kind in a minute. Clients decide how many there are, so the log may not have
// each. In the loop's thread.
class Refusals {
 public:
  enum class Kind {
    kTooMany,  // its client has as many as it may have
    kNoProxy,  // not from where the listener's proxies are
    kHeader,   // its header is invalid, or was cut
    kLate,     // its header was not complete in time
  };
  // Terms come with connections from other workers, too, and those may be broken. Listeners beyond
  // this number share their lines.
  static constexpr std::size_t kMostListeners = 256;

  // Both outlive it.
  Refusals(const ErrorLog& log, WorkerStatus& status) : log_(log), status_(status) {}

  // A listener is known by its title. `peer`: who is closed. `detail`: what of it is not plain from
  // the kind.
  void Note(Kind kind, const ListenerTerms& terms, const PeerAddress& peer,
            absl::string_view detail, loop::TimePoint now);

 private:
  struct Told {
    std::optional<loop::TimePoint> at;
    std::uint64_t untold = 0;  // since then
  };

  Told& ToldOf(Kind kind, const std::string& listener);

  const ErrorLog& log_;
  WorkerStatus& status_;
  std::map<std::string, std::map<Kind, Told>> told_;  // by listener; "": all others
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_ACCEPT_REFUSALS_H_
