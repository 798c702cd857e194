#ifndef MUSTER_BENCH_LOAD_OPEN_LOOP_H_
#define MUSTER_BENCH_LOAD_OPEN_LOOP_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "muster/bench/load/latency_record.h"
#include "muster/bench/load/send_schedule.h"

namespace muster::bench {

// Decides which connection sends the next request of a schedule, and how long each took: from the
// time at which it was due, not from the one at which it was sent. So a server that stalls pays for
// all requests that had to wait meanwhile (no coordinated omission). A request waits while each
// connection has one that is not answered. Without sockets and clock: times are arguments, counted
// from the begin of the schedule, and grow from call to call.
class OpenLoop {
 public:
  // What is due before `warm_at` is sent, and not recorded.
  OpenLoop(const SendSchedule& schedule, int connections, std::chrono::nanoseconds warm_at);

  // The connection that is to send a request now. Nothing: no request is due, or no connection is
  // free.
  std::optional<int> TakeDue(std::chrono::nanoseconds now);
  // The request of this connection was answered.
  void OnAnswer(int connection, std::chrono::nanoseconds now);

  std::uint64_t answered() const { return answered_; }
  bool is_done() const { return answered_ == schedule_.count(); }

  const LatencyRecord& latencies() const { return latencies_; }
  // How much later than due a request was sent although a connection was free: what is the
  // generator's own part in the latencies.
  const LatencyRecord& own_delays() const { return own_delays_; }

 private:
  bool IsRecorded(std::uint64_t request) const { return schedule_.DueAt(request) >= warm_at_; }

  const SendSchedule schedule_;
  const std::chrono::nanoseconds warm_at_;
  std::uint64_t next_ = 0;
  std::uint64_t answered_ = 0;
  std::deque<int> free_;  // the one that was answered longest ago sends next
  struct Connection {
    std::uint64_t request = 0;  // while it is not free
    std::chrono::nanoseconds freed = {};
  };
  std::vector<Connection> connections_;
  LatencyRecord latencies_;
  LatencyRecord own_delays_;
};

}  // namespace muster::bench

#endif  // MUSTER_BENCH_LOAD_OPEN_LOOP_H_
