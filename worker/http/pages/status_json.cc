#include "muster/worker/http/pages/status_json.h"

#include <chrono>
#include <cstdint>

#include "google/protobuf/util/json_util.h"
#include "muster/cli/version.h"
#include "muster/ipc/base/check.h"
#include "muster/proto/duration.h"
#include "muster/proto/event.pb.h"
#include "muster/proto/status.pb.h"

namespace muster::worker::http {
namespace {

v1::Worker::State StateOf(const SlotSnapshot& slot) {
  if (slot.pid == 0) return v1::Worker::EMPTY;
  switch (slot.phase) {
    case WorkerPhase::kNone:
      break;
    case WorkerPhase::kServing:
      return v1::Worker::SERVING;
    case WorkerPhase::kDraining:
      return v1::Worker::DRAINING;
  }
  return v1::Worker::STARTING;
}

void Fill(const StatsValues& values, v1::Counters& counters) {
  counters.set_accepted(values.accepted);
  counters.set_handled(values.handled);
  counters.set_requests(values.requests);
  counters.set_active(values.active);
  counters.set_reading(values.reading);
  counters.set_writing(values.writing);
  counters.set_waiting(values.waiting);
  counters.set_bytes_received(values.bytes_received);
  counters.set_bytes_sent(values.bytes_sent);
  counters.set_closed_at_deadline(values.closed_at_deadline);
  counters.set_handed_off(values.handed_off);
  counters.set_adopted(values.adopted);
  counters.set_responses_2xx(values.responses[0]);
  counters.set_responses_3xx(values.responses[1]);
  counters.set_responses_4xx(values.responses[2]);
  counters.set_responses_5xx(values.responses[3]);
}

google::protobuf::Timestamp ToTimestamp(std::chrono::nanoseconds since_epoch) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds.count());
  timestamp.set_nanos(static_cast<std::int32_t>((since_epoch - seconds).count()));
  return timestamp;
}

void Fill(const LatencyValues& values, v1::Latency& latency) {
  latency.set_count(values.Count());
  *latency.mutable_p50() = config::FromChrono(values.Percentile(0.5));
  *latency.mutable_p99() = config::FromChrono(values.Percentile(0.99));
  *latency.mutable_p999() = config::FromChrono(values.Percentile(0.999));
}

void FillBuckets(const LatencyValues& values, v1::Latency& latency) {
  for (const LatencyValues::Bucket& bucket : values.InMicroseconds()) {
    v1::LatencyBucket& shown = *latency.add_buckets();
    shown.set_lower_us(bucket.lower_us);
    shown.set_upper_us(bucket.upper_us);
    shown.set_count(bucket.count);
  }
}

void FillDetails(const SlotSnapshot& slot, v1::Worker& worker) {
  if (slot.request.has_value()) {
    v1::Request& request = *worker.mutable_request();
    request.set_method(slot.request->method);
    request.set_path(slot.request->path);
    request.set_peer(slot.request->peer);
    request.set_id(slot.request->id);
    *request.mutable_age() = config::FromChrono(slot.request_age);
  }
  if (slot.last_words.has_value()) {
    v1::LastWords& words = *worker.mutable_last_words();
    words.set_text(slot.last_words->text);
    words.set_pid(slot.last_words->pid);
    *words.mutable_time() = ToTimestamp(slot.last_words->time);
  }
}

void Fill(const ZoneEvent& from, Details details, v1::Event& event) {
  event.set_sequence(from.sequence);
  *event.mutable_time() = ToTimestamp(from.time);
  // A damaged kind has no name.
  event.set_kind(admin::v1::Event::Kind_Name(static_cast<admin::v1::Event::Kind>(from.kind)));
  event.set_generation(from.generation);
  if (from.worker.has_value()) event.set_worker(*from.worker);
  event.set_pid(from.pid);
  if (details == Details::kShown) event.set_text(from.text);
}

void Fill(const SlotSnapshot& slot, v1::Worker& worker) {
  worker.set_slot(slot.slot);
  worker.set_state(StateOf(slot));
  Fill(slot.counters, *worker.mutable_counters());
  worker.set_log_lines_lost(slot.log_lines_lost);
  worker.set_refused_over_limit(slot.refused_over_limit);
  worker.set_refused_by_proxy_protocol(slot.refused_by_proxy_protocol);
  Fill(slot.latency, *worker.mutable_latency());
  if (slot.pid == 0) return;
  worker.set_pid(slot.pid);
  if (slot.phase == WorkerPhase::kNone) return;
  worker.set_generation(slot.generation);
  *worker.mutable_age() = config::FromChrono(slot.age);
  *worker.mutable_since_heartbeat() = config::FromChrono(slot.since_heartbeat);
}

}  // namespace

std::string FormatStatusJson(const ZoneSnapshot& snapshot, Details details,
                             const std::vector<admin::v1::Metric>& own) {
  v1::Status status;
  status.set_version(cli::kVersion);
  v1::Master& master = *status.mutable_master();
  master.set_pid(snapshot.master_pid);
  master.mutable_start_time()->set_seconds(snapshot.master_start_time);
  master.set_generation(snapshot.generation);
  master.set_worker_processes(snapshot.worker_processes);
  master.set_reloads(snapshot.reloads);
  master.set_reloads_refused(snapshot.reloads_refused);
  master.set_crashes(snapshot.crashes);
  master.set_log_lines_lost(snapshot.master_log_lines_lost);
  if (snapshot.master_uptime.count() != 0) {
    *master.mutable_uptime() = config::FromChrono(snapshot.master_uptime);
  }
  for (const SlotSnapshot& slot : snapshot.slots) {
    v1::Worker& worker = *status.add_workers();
    Fill(slot, worker);
    if (details == Details::kShown) FillDetails(slot, worker);
  }
  Fill(snapshot.total, *status.mutable_total());
  Fill(snapshot.latency, *status.mutable_latency());
  FillBuckets(snapshot.latency, *status.mutable_latency());
  for (const ZoneEvent& event : snapshot.events) Fill(event, details, *status.add_events());
  status.mutable_metrics()->Add(own.begin(), own.end());

  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto printed = google::protobuf::util::MessageToJsonString(status, &json, options);
  MUSTER_CHECK(printed.ok(), "a status of ours can be printed");
  return json;
}

}  // namespace muster::worker::http
