#ifndef MUSTER_WORKER_PROTOCOL_FRESH_STATE_H_
#define MUSTER_WORKER_PROTOCOL_FRESH_STATE_H_

#include <chrono>
#include <string>

#include "muster/proto/config.pb.h"

namespace muster::worker {

// The state of an ADOPT with kIsFresh: of a connection that was accepted by this listener, at this
// time of CLOCK_MONOTONIC, and that no service has seen. A v1::FreshConnection, or empty if the
// listener's configuration has nothing that matters to those who connect.
std::string FreshState(const config::v1::Listen& listen, std::chrono::nanoseconds accepted);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_PROTOCOL_FRESH_STATE_H_
