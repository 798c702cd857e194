#include "muster/worker/stream/stream_settings.h"

#include "muster/proto/field_rules.h"
#include "muster/worker/runtime/bounded_duration.h"

namespace muster::worker {

StreamSettings StreamSettings::From(const config::v1::Stream& given) {
  config::v1::Stream stream = given;
  config::FillDefaults(&stream);
  return {.idle_timeout = BoundedDuration(stream.idle_timeout()),
          .read_timeout = BoundedDuration(stream.read_timeout()),
          .write_timeout = BoundedDuration(stream.write_timeout()),
          .close_timeout = BoundedDuration(stream.close_timeout()),
          .max_unread_bytes = stream.max_unread_bytes(),
          .max_unsent_bytes = stream.max_unsent_bytes(),
          .max_session_bytes = stream.max_session_bytes(),
          .max_worker_unsent_bytes = stream.max_worker_unsent_bytes()};
}

}  // namespace muster::worker
