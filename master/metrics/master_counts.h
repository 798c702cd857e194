#ifndef MUSTER_MASTER_METRICS_MASTER_COUNTS_H_
#define MUSTER_MASTER_METRICS_MASTER_COUNTS_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "muster/loop/clock.h"
#include "muster/proto/event.pb.h"
#include "muster/proto/state/process_state.pb.h"

namespace muster::master {

// What happened in a master since its start, counted for its metrics. Thread-safe; no call blocks
// but for a short mutex.
class MasterCounts {
 public:
  // Of a reload, from its beginning to its end: counted where it is at most so many seconds.
  static constexpr std::array<double, 10> kBounds = {0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
  struct Histogram {
    std::array<std::uint64_t, kBounds.size()> within =
        {};  // each bound has those of the ones below
    std::uint64_t count = 0;
    double sum = 0;  // seconds

    void Add(double seconds);
  };

  struct Values {
    Histogram reloads_done;
    Histogram reloads_refused;
    // By how they ended: "SIGSEGV", "exit 3".
    std::map<std::string, std::uint64_t> crashes;
    std::uint64_t gave_up = 0;
    std::uint64_t killed = 0;  // workers that did not end in time
    std::uint64_t hung = 0;    // times that a worker was found not to run its loop
    // By path and code.
    std::map<std::pair<std::string, int>, std::uint64_t> calls;
    // Refused, since their callers had too many under way.
    std::uint64_t calls_over_bound = 0;
    std::uint64_t streams_over_bound = 0;
    std::uint64_t refused_handshakes = 0;
  };

  // `now`: when it happened.
  void CountEvent(const admin::v1::Event& event, loop::TimePoint now);
  // A call was answered. `path`: as gRPC has it; `code`: a grpc::StatusCode. Methods that there are
  // not are counted together, under the empty path: a client may invent any number.
  void CountCall(absl::string_view path, int code);
  void CountOverBound(bool is_stream);
  void CountRefusedHandshake();

  Values Read() const;

  // For the program that replaces this one. At a moment at which no reload is under way.
  state::v1::MasterCountsState Save() const;
  // Goes on from there. The error has the field.
  absl::Status Restore(const state::v1::MasterCountsState& state);

 private:
  mutable std::mutex mutex_;
  Values values_;
  // The reload or resume that is under way, by its number: another one may be refused meanwhile.
  std::uint64_t attempt_ = 0;  // zero: none
  loop::TimePoint attempt_began_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_METRICS_MASTER_COUNTS_H_
