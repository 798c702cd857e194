#ifndef MUSTER_WORKER_HTTP_INPUT_BODY_DEADLINE_H_
#define MUSTER_WORKER_HTTP_INPUT_BODY_DEADLINE_H_

#include <cstdint>

#include "muster/loop/clock.h"
#include "muster/worker/http/input/connection_settings.h"

namespace muster::worker::http {

// When a client is too slow with the body of its request, of which it has sent `received_bytes`,
// the last of them at `last`. Two limits apply: body_timeout after its last bytes; and body_timeout
// plus the time that all its bytes may take at the minimum pace, after the body began. So a client
// cannot hold out with a byte now and then.
loop::TimePoint BodyDeadline(const ConnectionSettings& settings, std::uint64_t received_bytes,
                             loop::TimePoint began, loop::TimePoint last);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_INPUT_BODY_DEADLINE_H_
