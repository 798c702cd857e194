#include "muster/worker/http/connection_settings.h"

#include "muster/worker/runtime/bounded_duration.h"

namespace muster::worker::http {

ConnectionSettings ConnectionSettings::From(const config::v1::Http& http) {
  return {.keepalive_timeout = BoundedDuration(http.keepalive_timeout()),
          .header_timeout = BoundedDuration(http.header_timeout()),
          .body_timeout = BoundedDuration(http.body_timeout()),
          .min_body_bytes_per_second = http.min_body_bytes_per_second(),
          .send_timeout = BoundedDuration(http.send_timeout()),
          .keepalive_requests = http.keepalive_requests(),
          .limits = {.max_request_line_bytes = http.max_request_line_bytes(),
                     .max_header_bytes = http.max_header_bytes()},
          .max_body_bytes = http.max_body_bytes()};
}

}  // namespace muster::worker::http
