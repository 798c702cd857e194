#ifndef MUSTER_WORKER_HTTP_INPUT_CONNECTION_SETTINGS_H_
#define MUSTER_WORKER_HTTP_INPUT_CONNECTION_SETTINGS_H_

#include <chrono>
#include <cstdint>

#include "muster/loop/event_loop.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/http/message/request_parser.h"

namespace muster::worker::http {

// How long a connection waits for its client, and how much it accepts before it knows the location.
// The fields have the same names and meanings as in config::v1::Http.
struct ConnectionSettings {
  // The defaults in `http` are filled in.
  static ConnectionSettings From(const config::v1::Http& http);

  loop::Clock::duration keepalive_timeout = {};  // 0: every response closes
  // What clients are told: at least a second less, so that who heeds it closes first, and no
  // request of it meets the end of the connection. 0: they are not told.
  std::chrono::duration<std::uint32_t> announced_keepalive = {};
  loop::Clock::duration header_timeout = {};
  loop::Clock::duration body_timeout = {};
  std::uint32_t min_body_bytes_per_second = 0;  // 0: no minimum
  loop::Clock::duration send_timeout = {};
  std::uint32_t keepalive_requests = 0;       // 0: no limit
  loop::Clock::duration keepalive_time = {};  // 0: no limit
  RequestParser::Limits limits;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_INPUT_CONNECTION_SETTINGS_H_
