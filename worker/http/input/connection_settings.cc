#include "muster/worker/http/input/connection_settings.h"

#include <algorithm>

#include "muster/worker/runtime/bounded_duration.h"

namespace muster::worker::http {

namespace {

constexpr std::chrono::seconds kKeptLonger(1);

}  // namespace

ConnectionSettings ConnectionSettings::From(const config::v1::Http& http) {
  const loop::Clock::duration keepalive_timeout = BoundedDuration(http.keepalive_timeout());
  const auto announced =
      std::chrono::floor<std::chrono::duration<std::uint32_t>>(std::max<loop::Clock::duration>(
          keepalive_timeout - kKeptLonger, loop::Clock::duration::zero()));
  return {.keepalive_timeout = keepalive_timeout,
          .announced_keepalive = announced,
          .header_timeout = BoundedDuration(http.header_timeout()),
          .body_timeout = BoundedDuration(http.body_timeout()),
          .min_body_bytes_per_second = http.min_body_bytes_per_second(),
          .send_timeout = BoundedDuration(http.send_timeout()),
          .keepalive_requests = http.keepalive_requests(),
          .keepalive_time = BoundedDuration(http.keepalive_time()),
          .limits = {.max_request_line_bytes = http.max_request_line_bytes(),
                     .max_header_bytes = http.max_header_bytes()}};
}

}  // namespace muster::worker::http
