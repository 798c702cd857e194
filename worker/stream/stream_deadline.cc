#include "muster/worker/stream/stream_deadline.h"

namespace muster::worker {
namespace {

using Reason = StreamDeadline::Reason;

void Add(std::optional<StreamDeadline>& earliest, loop::TimePoint since,
         loop::Clock::duration timeout, Reason reason) {
  if (timeout == loop::Clock::duration::zero()) return;
  const loop::TimePoint at = since + timeout;
  if (!earliest.has_value() || at < earliest->at) earliest = StreamDeadline{at, reason};
}

}  // namespace

std::optional<StreamDeadline> DeadlineOf(const StreamTimes& times, const StreamSettings& settings) {
  std::optional<StreamDeadline> earliest;
  if (times.closing_since.has_value()) {
    Add(earliest, *times.closing_since, settings.close_timeout, Reason::kClose);
    return earliest;
  }
  if (times.unsent_since.has_value()) {
    Add(earliest, *times.unsent_since, settings.write_timeout, Reason::kWrite);
  } else if (!times.is_busy && times.unread_since.has_value()) {
    Add(earliest, *times.unread_since, settings.read_timeout, Reason::kRead);
  }
  if (!times.is_busy) Add(earliest, times.last_activity, settings.idle_timeout, Reason::kIdle);
  return earliest;
}

}  // namespace muster::worker
