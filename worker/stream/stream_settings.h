#ifndef MUSTER_WORKER_STREAM_STREAM_SETTINGS_H_
#define MUSTER_WORKER_STREAM_STREAM_SETTINGS_H_

#include <cstddef>
#include <cstdint>

#include "muster/loop/clock.h"
#include "muster/proto/config.pb.h"

namespace muster::worker {

// How long a stream waits for its client, and how much it keeps for it. The fields have the names
// and meanings of config::v1::Stream.
struct StreamSettings {
  // Fills in defaults that are missing.
  static StreamSettings From(const config::v1::Stream& given);

  // 0: for ever.
  loop::Clock::duration idle_timeout = {};
  loop::Clock::duration read_timeout = {};
  loop::Clock::duration write_timeout = {};
  loop::Clock::duration close_timeout = {};  // never 0

  std::size_t max_unread_bytes = 0;
  std::size_t max_unsent_bytes = 0;
  std::size_t max_session_bytes = 0;
  std::uint64_t max_worker_unsent_bytes = 0;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_STREAM_STREAM_SETTINGS_H_
