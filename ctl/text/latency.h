#ifndef MUSTER_CTL_TEXT_LATENCY_H_
#define MUSTER_CTL_TEXT_LATENCY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {

// How long requests took, as a master has counted it in buckets. A value.
class LatencyCounts {
 public:
  LatencyCounts() = default;
  explicit LatencyCounts(const admin::v1::Latency& latency);

  // Those that were counted after `before`. Nothing: a bucket had more then, so that it was counted
  // anew.
  std::optional<LatencyCounts> Since(const LatencyCounts& before) const;
  // What the part `part` of the requests, 0 to 1, did not exceed, interpolated within its bucket.
  // Nothing: there are none.
  std::optional<absl::Duration> Percentile(double part) const;

 private:
  // By their bounds in microseconds; an upper one of 0 is none.
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> counts_;
};

// "85us", "1.2ms", "84ms", "1.2s", "3m12s". Nothing: "-".
std::string FormatLatency(std::optional<absl::Duration> latency);
// The same of a percentile that the master has told, of `latency`, if that has counted anything.
std::string FormatPercentile(const admin::v1::Latency& latency,
                             const google::protobuf::Duration& percentile);

// "GET /slow for 12s, 127.0.0.1:4711"; "-" if the worker is at none.
std::string FormatRequest(const admin::v1::Worker& worker);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TEXT_LATENCY_H_
