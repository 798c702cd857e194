#ifndef MUSTER_BENCH_LOAD_LATENCY_RECORD_H_
#define MUSTER_BENCH_LOAD_LATENCY_RECORD_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace muster::bench {

// How often which latency was seen: buckets whose width is a 64th of their least value at most,
// from 1 ns to 2^36 ns (69 s). Its memory is fixed, 16 KB, and to add a value costs the same
// always.
class LatencyRecord {
 public:
  LatencyRecord();

  // What is below zero counts as zero, and what is above the range as its end.
  void Add(std::chrono::nanoseconds latency);

  std::uint64_t count() const { return count_; }
  // Exact. Zero if there is none.
  std::chrono::nanoseconds max() const { return max_; }
  // The latency that the part `part` of all, 0 to 1, did not exceed: the end of its bucket, or the
  // maximum if that is less. Zero if there is none.
  std::chrono::nanoseconds Percentile(double part) const;

 private:
  static std::size_t BucketOf(std::uint64_t nanoseconds);
  // The largest value that it counts.
  static std::uint64_t EndOf(std::size_t bucket);

  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::chrono::nanoseconds max_ = {};
};

}  // namespace muster::bench

#endif  // MUSTER_BENCH_LOAD_LATENCY_RECORD_H_
