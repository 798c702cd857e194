#ifndef MUSTER_MASTER_DECIDE_WORKER_TALLY_H_
#define MUSTER_MASTER_DECIDE_WORKER_TALLY_H_

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/proto/counted.h"

namespace muster::master {

// The connections that were closed because their worker ended, although they were open. At its
// deadline a worker counts all that it holds; it may be killed before it has closed them.
inline std::uint64_t CutConnections(const ExitedEvent& event) {
  return std::max(event.connections, event.closed_at_deadline);
}

// How workers ended, and what was cut off with them: for those who wait for their end.
struct WorkerTally {
  std::uint32_t exited = 0;
  std::uint32_t killed = 0;
  std::uint64_t connections = 0;
  std::uint64_t requests = 0;

  // `was_killed`: by the master, because it did not end when asked.
  void Count(const ExitedEvent& event, bool was_killed) {
    ++(was_killed ? killed : exited);
    connections += CutConnections(event);
    requests += event.requests;
  }
  std::uint32_t ended() const { return exited + killed; }
  // "2 exited, 0 killed, 3 connections and 1 request cut off".
  std::string Describe() const {
    return absl::StrCat(exited, " exited, ", killed, " killed, ",
                        config::Counted(connections, "connection"), " and ",
                        config::Counted(requests, "request"), " cut off");
  }
  Outcome ToOutcome() const {
    return {.exited = exited,
            .killed = killed,
            .connections_closed = connections,
            .requests_cut = requests};
  }
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_WORKER_TALLY_H_
