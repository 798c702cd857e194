// Measures what it costs a worker to record how long its requests took: to keep the begin of each
// until its answer is sent, to read the clock then, and to count each in the histogram. Nothing
// else runs, so that all memory is in the cache: a worker pays a few cache misses more. Prints
// JSON: nanoseconds of CPU time per request if a request is answered by itself, and if 16 are
// answered together.

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <random>
#include <vector>

#include "muster/loop/clock.h"
#include "muster/worker/zone/latency_histogram.h"

namespace muster::bench {
namespace {

constexpr int kRounds = 41;
constexpr std::size_t kRequestsPerRound = 1 << 16;

// Of this thread.
double CpuNanoseconds() {
  timespec used;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return 1e9 * static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec);
}

// As AnswerQueue::Measure does.
void Record(worker::LatencyHistogram& histogram, std::vector<loop::TimePoint>& starts) {
  const loop::TimePoint now = loop::Clock::now();
  for (const loop::TimePoint start : starts) histogram.Record(now - start);
  starts.clear();
}

// The median of the rounds.
double NanosecondsPerRequest(std::size_t together) {
  const auto histogram = std::make_unique<worker::LatencyHistogram>();
  std::mt19937 random(1);
  std::uniform_int_distribution<int> microseconds(5, 2000);
  std::vector<std::chrono::microseconds> ages;
  for (int i = 0; i < 4096; ++i) ages.emplace_back(microseconds(random));
  std::vector<loop::TimePoint> starts;
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const loop::TimePoint begin = loop::Clock::now();
    const double used_before = CpuNanoseconds();
    for (std::size_t i = 0; i < kRequestsPerRound; ++i) {
      starts.push_back(begin - ages[i % ages.size()]);
      if (starts.size() == together) Record(*histogram, starts);
    }
    rounds.push_back((CpuNanoseconds() - used_before) / kRequestsPerRound);
  }
  std::sort(rounds.begin(), rounds.end());
  return rounds[rounds.size() / 2];
}

}  // namespace
}  // namespace muster::bench

int main() {
  std::printf("{\"one_ns\": %.2f, \"sixteen_ns\": %.2f}\n", muster::bench::NanosecondsPerRequest(1),
              muster::bench::NanosecondsPerRequest(16));
}
