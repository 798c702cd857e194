#include "muster/worker/http/pages/status_json.h"

#include <chrono>

#include "google/protobuf/util/json_util.h"
#include "muster/cli/version.h"
#include "muster/ipc/base/check.h"
#include "muster/proto/duration.h"
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

void Fill(const SlotSnapshot& slot, v1::Worker& worker) {
  worker.set_slot(slot.slot);
  worker.set_state(StateOf(slot));
  Fill(slot.counters, *worker.mutable_counters());
  worker.set_log_lines_lost(slot.log_lines_lost);
  if (slot.pid == 0) return;
  worker.set_pid(slot.pid);
  if (slot.phase == WorkerPhase::kNone) return;
  worker.set_generation(slot.generation);
  *worker.mutable_age() = config::FromChrono(slot.age);
  *worker.mutable_since_heartbeat() = config::FromChrono(slot.since_heartbeat);
}

}  // namespace

std::string FormatStatusJson(const ZoneSnapshot& snapshot) {
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
  for (const SlotSnapshot& slot : snapshot.slots) Fill(slot, *status.add_workers());
  Fill(snapshot.total, *status.mutable_total());

  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto printed = google::protobuf::util::MessageToJsonString(status, &json, options);
  MUSTER_CHECK(printed.ok(), "a status of ours can be printed");
  return json;
}

}  // namespace muster::worker::http
