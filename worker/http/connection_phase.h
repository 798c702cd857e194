#ifndef MUSTER_WORKER_HTTP_CONNECTION_PHASE_H_
#define MUSTER_WORKER_HTTP_CONNECTION_PHASE_H_

#include <cstdint>

#include "muster/ipc/lock/counter.h"
#include "muster/worker/zone/slot_stats.h"

namespace muster::worker::http {

// What a connection is doing.
enum class ConnectionPhase : std::uint8_t {
  kIdle,       // no byte of the next request was received
  kHead,       // the request's head is incomplete
  kBody,       // the head is complete, the body is not
  kSending,    // a response waits for its handler, or for the client to take it
  kLingering,  // everything was sent; input is dropped until the client closes
};

// The gauge that counts the connections in `phase`. Exactly one gauge counts a connection.
inline ipc::Gauge& GaugeOf(ConnectionPhase phase, SlotStats& stats) {
  switch (phase) {
    case ConnectionPhase::kHead:
    case ConnectionPhase::kBody:
      return stats.reading;
    case ConnectionPhase::kSending:
      return stats.writing;
    case ConnectionPhase::kIdle:
    case ConnectionPhase::kLingering:
      break;
  }
  return stats.waiting;
}

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_CONNECTION_PHASE_H_
