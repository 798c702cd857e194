#ifndef MUSTER_BENCH_STREAM_ECHO_LOAD_H_
#define MUSTER_BENCH_STREAM_ECHO_LOAD_H_

#include <cstddef>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "muster/bench/stream/bench_worker.h"
#include "muster/proto/config.pb.h"

namespace muster::bench {

// What each client does: it sends `requests`, and receives `answer_bytes`, again and again. The
// bytes are made once, so that a client costs the same whatever it speaks.
struct EchoLoad {
  int clients = 8;
  std::string greeting = {};      // sent once, before the others. Empty: there is none
  std::string greeting_end = {};  // how its answer ends
  std::string requests = {};
  int count = 1;  // of the requests that are sent together
  std::size_t answer_bytes = 0;
};

// How many requests were answered.
struct Speed {
  double per_cpu_second = 0;  // a second of the worker thread's CPU time
  double per_second = 0;      // of elapsed time
};

// Runs the worker in this thread, and the clients in another one. Unavailable: an answer is
// missing.
absl::StatusOr<Speed> Measure(const config::v1::Config& config,
                              const BenchWorker::Maker& make_service, const EchoLoad& load,
                              double seconds);

// Ours beside a peer.
struct Comparison {
  Speed ours;  // the medians of the rounds, as those of the peer
  Speed peer;
  double ratio = 0;  // the median of those of the rounds, of what they do in a CPU second
};

// Measures both in each round. The one that is first alternates.
absl::StatusOr<Comparison> Compare(const std::function<absl::StatusOr<Speed>()>& ours,
                                   const std::function<absl::StatusOr<Speed>()>& peer, int rounds);

}  // namespace muster::bench

#endif  // MUSTER_BENCH_STREAM_ECHO_LOAD_H_
