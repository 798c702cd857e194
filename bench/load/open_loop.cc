#include "muster/bench/load/open_loop.h"

#include <algorithm>
#include <cstddef>

namespace muster::bench {

OpenLoop::OpenLoop(const SendSchedule& schedule, int connections, std::chrono::nanoseconds warm_at)
    : schedule_(schedule), warm_at_(warm_at), connections_(static_cast<std::size_t>(connections)) {
  for (int i = 0; i < connections; ++i) free_.push_back(i);
}

std::optional<int> OpenLoop::TakeDue(std::chrono::nanoseconds now) {
  if (free_.empty() || !schedule_.IsDue(next_, now)) return std::nullopt;
  const int taken = free_.front();
  free_.pop_front();
  Connection& connection = connections_[static_cast<std::size_t>(taken)];
  connection.request = next_++;
  if (IsRecorded(connection.request)) {
    own_delays_.Add(now - std::max(schedule_.DueAt(connection.request), connection.freed));
  }
  return taken;
}

void OpenLoop::OnAnswer(int connection, std::chrono::nanoseconds now) {
  Connection& answered = connections_[static_cast<std::size_t>(connection)];
  if (IsRecorded(answered.request)) latencies_.Add(now - schedule_.DueAt(answered.request));
  answered.freed = now;
  free_.push_back(connection);
  ++answered_;
}

}  // namespace muster::bench
