#ifndef MUSTER_WORKER_METRICS_METRICS_H_
#define MUSTER_WORKER_METRICS_METRICS_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/zone/local/zone_mutex.h"
#include "muster/proto/metric.pb.h"
#include "muster/worker/metrics/metric_handles.h"
#include "muster/worker/metrics/metric_spec.h"
#include "muster/worker/metrics/metrics_index.h"
#include "muster/worker/metrics/metrics_table.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::worker {

// The metrics of a service's own. What is registered here appears with those of muster: in the HTTP
// locations `metrics` and `status_json`, at admin { metrics { listen } } of the master, and in `ctl
// stats`. They need `metrics {}` in the configuration, which has the memory made.
//
//   MUSTER_ASSIGN_OR_RETURN(hits, context.metrics().Counter(
//       "cache_hits_total", "Lookups that found something.", {{"op", "get"}}));
//   hits.Add();
//
// Register when the service is made, and keep the handle: each registration takes a lock and looks
// for the series.
// The same name and labels give the same series, in all workers and generations: counters and
// histograms are sums over all workers, also of those that are no more. They outlive deaths,
// reloads and upgrades, and begin at zero with the master. A gauge is shown for each live worker
// that has registered it, with the label `slot`.
//
// Errors have the name of the metric; the service decides whether it goes on without it.
//   InvalidArgument     Prometheus would not take it (metric_spec.h)
//   FailedPrecondition  the metric is of another type, or has other bounds: of the same generation,
//                       or of an earlier one. Or the configuration has no `metrics`
//   ResourceExhausted   there are metrics.max_series already
//   DeadlineExceeded    another worker was stopped while it registered a metric, or a broken one
//                       left its mutex so
//
// Thread-safe. Registrations that add a series wait for other workers' that do, for 5 s at most.
class Metrics {
 public:
  // `zone`: the zone kMetricsZone. All must outlive it. `tag`: of this process in `shared`.
  Metrics(const UserZone& zone, std::uint32_t max_series, const SharedZone& shared,
          ipc::OwnerTag tag);
  // Without memory: each registration fails.
  Metrics() = default;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The name ends in "_total".
  absl::StatusOr<MetricCounter> Counter(absl::string_view name, absl::string_view help,
                                        MetricLabels labels = {});
  absl::StatusOr<MetricGauge> Gauge(absl::string_view name, absl::string_view help,
                                    MetricLabels labels = {});
  // `bounds`: 1 to 32, growing. The last bucket, without a bound, is added.
  absl::StatusOr<MetricHistogram> Histogram(absl::string_view name, absl::string_view help,
                                            std::vector<double> bounds, MetricLabels labels = {});
  // For times in seconds: the bounds of muster_http_request_duration_seconds, powers of two from 16
  // microseconds to 16.8 s.
  static std::vector<double> LatencyBounds();

  // What all workers have registered. Does not block.
  std::vector<admin::v1::Metric> Read() const;

 private:
  absl::StatusOr<MetricRecord> Register(MetricSpec& spec);
  absl::Status Open();
  absl::StatusOr<MetricRecord> Add(const MetricSpec& spec);
  // Of the mutex for who adds. Usable again if it was not recoverable.
  ipc::LockOutcome Lock() const;
  MetricsTable::Word& WordOf(const MetricRecord& record) const;

  const UserZone* zone_ = nullptr;
  std::uint32_t max_series_ = 0;
  const SharedZone* shared_ = nullptr;
  ipc::OwnerTag tag_;

  std::mutex mutex_;                           // guards what follows
  std::shared_ptr<const MetricsTable> table_;  // from the first registration on
  MetricsIndex index_;                         // of its directory
  std::shared_ptr<ipc::ZoneMutex> add_;        // guards the directory for who adds
  std::set<std::vector<double>> bounds_;       // that handles refer to
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_METRICS_METRICS_H_
