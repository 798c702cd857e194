#ifndef MUSTER_WORKER_STREAM_STREAM_DEADLINE_H_
#define MUSTER_WORKER_STREAM_STREAM_DEADLINE_H_

#include <optional>

#include "muster/loop/clock.h"
#include "muster/worker/stream/stream_settings.h"

namespace muster::worker {

// What a stream waits for, and since when.
struct StreamTimes {
  loop::TimePoint last_activity = {};  // something came, or was sent
  // The session waits for the rest of input that is here.
  std::optional<loop::TimePoint> unread_since = {};
  // The client has to take output, and has taken nothing.
  std::optional<loop::TimePoint> unsent_since = {};
  // The session has closed the client.
  std::optional<loop::TimePoint> closing_since = {};
  // The session is paused, or there is a hold: it is not the client that is waited for.
  bool is_busy = false;
};

struct StreamDeadline {
  enum class Reason { kIdle, kRead, kWrite, kClose };

  loop::TimePoint at;
  Reason reason;
};

// When a stream ends for its time, if nothing happens until then. Nothing: never.
std::optional<StreamDeadline> DeadlineOf(const StreamTimes& times, const StreamSettings& settings);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_STREAM_STREAM_DEADLINE_H_
