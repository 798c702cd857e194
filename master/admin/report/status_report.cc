#include "muster/master/admin/report/status_report.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/strings/string_view.h"
#include "google/protobuf/duration.pb.h"
#include "muster/ipc/base/check.h"
#include "muster/master/admin/report/metrics_bound.h"
#include "muster/master/admin/report/slot_counts.h"
#include "muster/master/admin/report/wire_message.h"
#include "muster/proto/duration.h"
#include "muster/worker/metrics/metrics_report.h"
#include "muster/worker/zone/last_words.h"
#include "muster/worker/zone/latency_histogram.h"
#include "muster/worker/zone/request_at_hand.h"
#include "muster/worker/zone/slot_stats.h"

namespace muster::master {
namespace {

// Of what a worker, or a slot, has counted; most have less.
constexpr std::size_t kCountedBytes = 128;

// Clients of gRPC take messages of at most 4 MiB, unless they are told otherwise.
constexpr std::size_t kMostStatsBytes = (std::size_t{4} << 20) - 1024;

// The fields of Counters.
void WriteCounters(const worker::StatsValues& values, WireMessage& out) {
  using admin::v1::Counters;
  const auto add = [&out](int field, std::uint64_t value) {
    if (value != 0) out.AddNumber(field, value);
  };
  add(Counters::kAcceptedFieldNumber, values.accepted);
  add(Counters::kHandledFieldNumber, values.handled);
  add(Counters::kRequestsFieldNumber, values.requests);
  add(Counters::kActiveFieldNumber, values.active);
  add(Counters::kReadingFieldNumber, values.reading);
  add(Counters::kWritingFieldNumber, values.writing);
  add(Counters::kWaitingFieldNumber, values.waiting);
  add(Counters::kBytesReceivedFieldNumber, values.bytes_received);
  add(Counters::kBytesSentFieldNumber, values.bytes_sent);
  add(Counters::kClosedAtDeadlineFieldNumber, values.closed_at_deadline);
  add(Counters::kHandedOffFieldNumber, values.handed_off);
  add(Counters::kAdoptedFieldNumber, values.adopted);
  add(Counters::kResponses2XxFieldNumber, values.responses[0]);
  add(Counters::kResponses3XxFieldNumber, values.responses[1]);
  add(Counters::kResponses4XxFieldNumber, values.responses[2]);
  add(Counters::kResponses5XxFieldNumber, values.responses[3]);
}

void WriteDuration(Duration duration, WireMessage& out) {
  const google::protobuf::Duration parts = config::FromChrono(duration);
  out.AddNumber(google::protobuf::Duration::kSecondsFieldNumber,
                static_cast<std::uint64_t>(parts.seconds()));
  out.AddNumber(google::protobuf::Duration::kNanosFieldNumber,
                static_cast<std::uint64_t>(std::int64_t{parts.nanos()}));
}

admin::v1::Latency LatencyOf(const worker::LatencyValues& values, bool with_buckets) {
  admin::v1::Latency latency;
  latency.set_count(values.Count());
  if (latency.count() == 0) return latency;
  *latency.mutable_p50() = config::FromChrono(values.Percentile(0.5));
  *latency.mutable_p99() = config::FromChrono(values.Percentile(0.99));
  *latency.mutable_p999() = config::FromChrono(values.Percentile(0.999));
  if (!with_buckets) return latency;
  for (const worker::LatencyValues::Bucket& bucket : values.InMicroseconds()) {
    admin::v1::LatencyBucket* const shown = latency.add_buckets();
    shown->set_lower_us(bucket.lower_us);
    shown->set_upper_us(bucket.upper_us);
    shown->set_count(bucket.count);
  }
  return latency;
}

// What the zone has of the process in the slot, if it has one, and of those that it had.
void WriteFromSlot(const worker::SharedZone& zone, const admin::v1::Worker& worker, TimePoint now,
                   WireMessage& out) {
  if (worker.slot() >= zone.capacity()) return;
  if (const auto request = worker::ReadRequest(zone.request(worker.slot()));
      request.has_value() && worker.pid() != 0) {
    admin::v1::WorkerRequest shown;
    shown.set_method(request->method);
    shown.set_path(request->path);
    shown.set_peer(request->peer);
    shown.set_id(request->id);
    *shown.mutable_age() = config::FromChrono(now - std::min(now, request->began));
    out.AddMessage(admin::v1::Worker::kRequestFieldNumber, shown);
  }
  if (const auto words = worker::ReadLastWords(zone.last_words(worker.slot()))) {
    admin::v1::LastWords shown;
    shown.set_text(words->text);
    shown.set_pid(words->pid);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(words->time);
    shown.mutable_time()->set_seconds(seconds.count());
    shown.mutable_time()->set_nanos(static_cast<std::int32_t>((words->time - seconds).count()));
    out.AddMessage(admin::v1::Worker::kLastWordsFieldNumber, shown);
  }
}

// What changes of a Worker. `counters` is serialised.
void WriteMoving(const StatusSnapshot::Worker& worker, absl::string_view counters, TimePoint now,
                 const Hung& hung, WireMessage& part, WireMessage& out) {
  using admin::v1::Worker;
  if (worker.shown.pid() != 0) {
    part.Clear();
    WriteDuration(now - worker.started, part);
    out.AddMessage(Worker::kAgeFieldNumber, part.bytes());
  }
  out.AddMessage(Worker::kCountersFieldNumber, counters);
  if (hung.empty()) return;
  if (const auto found = hung.find(worker.shown.slot()); found != hung.end()) {
    part.Clear();
    WriteDuration(found->second, part);
    out.AddMessage(Worker::kHungForFieldNumber, part.bytes());
    // After the state that is among what stays: the last one counts.
    if (worker.shown.state() == Worker::SERVING) {
      out.AddNumber(Worker::kStateFieldNumber, Worker::HUNG);
    }
  }
}

}  // namespace

StatusReport::StatusReport(StatusSnapshot snapshot)
    : snapshot_(std::move(snapshot)), master_(snapshot_.master.SerializeAsString()) {
  bytes_ = master_.size() + kCountedBytes;
  workers_.reserve(snapshot_.workers.size());
  for (const StatusSnapshot::Worker& worker : snapshot_.workers) {
    admin::v1::WorkerStats stats;
    stats.set_index(worker.shown.index());
    stats.set_generation(worker.shown.generation());
    stats.set_slot(worker.shown.slot());
    workers_.push_back({worker.shown.SerializeAsString(), stats.SerializeAsString()});
    bytes_ += workers_.back().shown.size() + workers_.back().stats.size() + 3 * kCountedBytes;
  }
}

void StatusReport::WriteMaster(TimePoint now, WireMessage& out) const {
  WireMessage uptime(kCountedBytes);
  WireMessage moving(kCountedBytes);
  if (snapshot_.started.has_value()) {
    WriteDuration(now - *snapshot_.started, uptime);
    moving.AddMessage(admin::v1::Master::kUptimeFieldNumber, uptime.bytes());
  }
  out.AddMessage(admin::v1::Status::kMasterFieldNumber, master_, moving.bytes());
}

void StatusReport::WriteWorkers(int field, const SlotCounts& counts, const worker::SharedZone& zone,
                                TimePoint now, const Hung& hung, WireMessage& out) const {
  WireMessage part(kCountedBytes);
  WireMessage counters(kCountedBytes);
  WireMessage moving(2 * kCountedBytes);
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    counters.Clear();
    WriteCounters(counts.workers[i], counters);
    moving.Clear();
    WriteMoving(snapshot_.workers[i], counters.bytes(), now, hung, part, moving);
    if (const auto found = counts.worker_latencies.find(i);
        found != counts.worker_latencies.end()) {
      moving.AddMessage(admin::v1::Worker::kLatencyFieldNumber,
                        LatencyOf(found->second, /*with_buckets=*/true));
    }
    WriteFromSlot(zone, snapshot_.workers[i].shown, now, moving);
    out.AddMessage(field, workers_[i].shown, moving.bytes());
  }
}

void StatusReport::WriteTotals(const SlotCounts& counts, WireMessage& out) const {
  using admin::v1::Stats;
  WireMessage counters(kCountedBytes);
  WriteCounters(counts.total, counters);
  out.AddMessage(Stats::kTotalFieldNumber, counters.bytes());
  counters.Clear();
  WriteCounters(counts.ended, counters);
  out.AddMessage(Stats::kEndedFieldNumber, counters.bytes());
  out.AddNumber(Stats::kReloadsFieldNumber, snapshot_.reloads);
  out.AddNumber(Stats::kReloadsRefusedFieldNumber, snapshot_.reloads_refused);
  out.AddNumber(Stats::kCrashesFieldNumber, snapshot_.crashes);
  out.AddMessage(Stats::kLatencyFieldNumber, LatencyOf(counts.latency, /*with_buckets=*/true));
}

void StatusReport::WriteStatsLists(const SlotCounts& counts, WireMessage& out) const {
  using admin::v1::Stats;
  WireMessage counters(kCountedBytes);
  WireMessage part(2 * kCountedBytes);
  const auto write = [&](const worker::StatsValues& values) {
    counters.Clear();
    WriteCounters(values, counters);
    return counters.bytes();
  };
  for (const auto& [slot, counted] : counts.slots) {
    part.Clear();
    part.AddNumber(admin::v1::SlotStats::kSlotFieldNumber, slot);
    part.AddMessage(admin::v1::SlotStats::kCountersFieldNumber, write(counted));
    out.AddMessage(Stats::kSlotsFieldNumber, part.bytes());
  }
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    part.Clear();
    part.AddMessage(admin::v1::WorkerStats::kCountersFieldNumber, write(counts.workers[i]));
    // The buckets are the Worker's.
    if (const auto found = counts.worker_latencies.find(i);
        found != counts.worker_latencies.end()) {
      part.AddMessage(admin::v1::WorkerStats::kLatencyFieldNumber,
                      LatencyOf(found->second, /*with_buckets=*/false));
    }
    out.AddMessage(Stats::kWorkersFieldNumber, workers_[i].stats, part.bytes());
  }
}

std::vector<admin::v1::Metric> StatusReport::ReadMetrics(const worker::SharedZone& zone) const {
  if (snapshot_.metrics == nullptr) return {};
  return worker::ReadMetrics(*snapshot_.metrics, zone);
}

void StatusReport::WriteMetrics(const worker::SharedZone& zone, WireMessage& out) const {
  using admin::v1::Stats;
  std::vector<admin::v1::Metric> metrics = ReadMetrics(zone);
  const std::size_t used = std::min(out.bytes().size(), kMostStatsBytes);
  const std::uint64_t left_out = KeepWithin(kMostStatsBytes - used, metrics);
  for (const admin::v1::Metric& metric : metrics) {
    out.AddMessage(Stats::kMetricsFieldNumber, metric);
  }
  if (left_out > 0) out.AddNumber(Stats::kSeriesLeftOutFieldNumber, left_out);
}

std::string StatusReport::Write(StatusPart part, const worker::SharedZone& zone, TimePoint now,
                                const Hung& hung) const {
  const SlotCounts counts = Count(snapshot_, zone);
  WireMessage out(bytes_);
  switch (part) {
    case StatusPart::kStatus: {
      WriteMaster(now, out);
      WriteWorkers(admin::v1::Status::kWorkersFieldNumber, counts, zone, now, hung, out);
      WireMessage stats(2 * kCountedBytes);
      WriteTotals(counts, stats);
      out.AddMessage(admin::v1::Status::kStatsFieldNumber, stats.bytes());
      break;
    }
    case StatusPart::kListWorkers: {
      WriteWorkers(admin::v1::ListWorkersResponse::kWorkersFieldNumber, counts, zone, now, hung,
                   out);
      WireMessage ended(kCountedBytes);
      WriteCounters(counts.ended, ended);
      out.AddMessage(admin::v1::ListWorkersResponse::kEndedFieldNumber, ended.bytes());
      break;
    }
    case StatusPart::kStats:
      WriteTotals(counts, out);
      WriteStatsLists(counts, out);
      WriteMetrics(zone, out);
      break;
  }
  return std::string(out.bytes());
}

admin::v1::Status ReportStatus(const StatusReport& report, const worker::SharedZone& zone,
                               TimePoint now, const Hung& hung) {
  admin::v1::Status status;
  MUSTER_CHECK(status.ParseFromString(report.Write(StatusPart::kStatus, zone, now, hung)),
               "it is written as it is read");
  return status;
}

}  // namespace muster::master
