#include "muster/ctl/text/latency.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "muster/ctl/text/units.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

}  // namespace

LatencyCounts::LatencyCounts(const v1::Latency& latency) {
  for (const v1::LatencyBucket& bucket : latency.buckets()) {
    counts_[{bucket.lower_us(), bucket.upper_us()}] += bucket.count();
  }
}

std::optional<LatencyCounts> LatencyCounts::Since(const LatencyCounts& before) const {
  LatencyCounts since = *this;
  for (const auto& [bounds, count] : before.counts_) {
    const auto found = since.counts_.find(bounds);
    if (found == since.counts_.end() || found->second < count) return std::nullopt;
    found->second -= count;
    if (found->second == 0) since.counts_.erase(found);
  }
  return since;
}

std::optional<absl::Duration> LatencyCounts::Percentile(double part) const {
  if (counts_.empty()) return std::nullopt;
  double all = 0;
  for (const auto& [bounds, count] : counts_) all += static_cast<double>(count);
  const double rank = part * all;
  double before = 0;
  for (const auto& [bounds, count] : counts_) {
    const auto [lower, upper] = bounds;
    const auto in_bucket = static_cast<double>(count);
    if (before + in_bucket >= rank && upper > lower) {
      return absl::Microseconds(static_cast<double>(lower) +
                                static_cast<double>(upper - lower) * (rank - before) / in_bucket);
    }
    before += in_bucket;
  }
  return absl::Microseconds(counts_.rbegin()->first.first);
}

std::string FormatLatency(std::optional<absl::Duration> latency) {
  if (!latency.has_value()) return "-";
  const auto microseconds = absl::ToInt64Microseconds(*latency);
  if (microseconds < 1000) return absl::StrCat(microseconds, "us");
  // Cut off, as FormatElapsed does.
  if (microseconds < 10000) {
    return absl::StrFormat("%d.%dms", microseconds / 1000, microseconds % 1000 / 100);
  }
  return FormatElapsed(*latency);
}

std::string FormatPercentile(const v1::Latency& latency,
                             const google::protobuf::Duration& percentile) {
  return latency.count() == 0 ? "-" : FormatLatency(ToDuration(percentile));
}

std::string FormatRequest(const v1::Worker& worker) {
  if (!worker.has_request()) return "-";
  const v1::WorkerRequest& request = worker.request();
  return absl::StrCat(request.method(), " ", request.path(), " for ",
                      FormatElapsed(ToDuration(request.age())), request.peer().empty() ? "" : ", ",
                      request.peer(), request.id().empty() ? "" : ", id ", request.id());
}

}  // namespace muster::ctl
