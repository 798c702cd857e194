#include "muster/worker/http/pages/metrics.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "muster/cli/version.h"
#include "muster/worker/metrics/metrics_text.h"

namespace muster::worker::http {
namespace {

// The bounds of the latencies are powers of two, in microseconds: from 16 us to 16.8 s. Buckets of
// the zone begin there, so each count is exact.
constexpr std::size_t kLeastPower = 4;
constexpr std::size_t kMostPower = 24;

class Exposition {
 public:
  explicit Exposition(const ZoneSnapshot& snapshot) : snapshot_(snapshot) {}

  // Begins a metric. `type`: "counter", "gauge" or "histogram".
  void Family(absl::string_view name, absl::string_view type, absl::string_view help) {
    name_ = name;
    absl::StrAppend(&text_, "# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n");
  }

  template <typename Value>
  void Sample(absl::string_view labels, Value value) {
    absl::StrAppend(&text_, name_);
    if (!labels.empty()) absl::StrAppend(&text_, "{", labels, "}");
    absl::StrAppend(&text_, " ", value, "\n");
  }

  // Of a histogram.
  void Bucket(absl::string_view bound, std::uint64_t count) {
    absl::StrAppend(&text_, name_, "_bucket{le=\"", bound, "\"} ", count, "\n");
  }
  template <typename Value>
  void Part(absl::string_view suffix, Value value) {
    absl::StrAppend(&text_, name_, suffix, " ", value, "\n");
  }

  template <typename Value>
  void Single(absl::string_view name, absl::string_view type, absl::string_view help, Value value) {
    Family(name, type, help);
    Sample("", value);
  }

  void TotalOfEachSlot(absl::string_view name, absl::string_view help,
                       std::uint64_t StatsValues::*total) {
    Family(name, "counter", help);
    for (const SlotSnapshot& slot : snapshot_.slots) {
      Sample(absl::StrCat("slot=\"", slot.slot, "\""), slot.counters.*total);
    }
  }

  std::string Take() { return std::move(text_); }

 private:
  const ZoneSnapshot& snapshot_;
  absl::string_view name_;
  std::string text_;
};

double Seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

// StrCat keeps six digits.
std::string Exactly(double value) { return absl::StrFormat("%.15g", value); }

void AppendMaster(const ZoneSnapshot& snapshot, Exposition& out) {
  out.Family("muster_build_info", "gauge", "1; the version that answers.");
  out.Sample(absl::StrCat("version=\"", cli::kVersion, "\""), 1);
  out.Single("muster_master_start_time_seconds", "gauge",
             "When the master was started, since the epoch of 1970.", snapshot.master_start_time);
  out.Single("muster_master_uptime_seconds", "gauge",
             "Since the master's start, by a clock that is never set.",
             Seconds(snapshot.master_uptime));
  out.Single("muster_config_generation", "gauge", "Generation of the configuration that serves.",
             snapshot.generation);
  out.Family("muster_reloads_total", "counter", "Reloads since the master's start.");
  out.Sample("result=\"done\"", snapshot.reloads);
  out.Sample("result=\"refused\"", snapshot.reloads_refused);
  out.Single("muster_worker_crashes_total", "counter", "Workers that ended unasked.",
             snapshot.crashes);
  out.Single("muster_master_log_lines_lost_total", "counter",
             "Lines that the master could not write into its log.", snapshot.master_log_lines_lost);
  out.Single("muster_workers_configured", "gauge", "Workers that the configuration asks for.",
             snapshot.worker_processes);
  out.Family("muster_workers", "gauge", "Workers that are ready.");
  out.Sample("state=\"serving\"", snapshot.CountIn(WorkerPhase::kServing));
  out.Sample("state=\"draining\"", snapshot.CountIn(WorkerPhase::kDraining));
}

void AppendTotals(Exposition& out) {
  out.TotalOfEachSlot("muster_connections_accepted_total", "Connections that were accepted.",
                      &StatsValues::accepted);
  out.TotalOfEachSlot("muster_connections_handled_total",
                      "Accepted connections that the service took.", &StatsValues::handled);
  out.TotalOfEachSlot("muster_connections_handed_off_total",
                      "Connections given to another worker on a reload.", &StatsValues::handed_off);
  out.TotalOfEachSlot("muster_connections_adopted_total",
                      "Connections taken from another worker on a reload.", &StatsValues::adopted);
  out.TotalOfEachSlot("muster_connections_closed_at_deadline_total",
                      "Connections closed because a drain reached its deadline.",
                      &StatsValues::closed_at_deadline);
  out.TotalOfEachSlot("muster_received_bytes_total", "Bytes received from clients.",
                      &StatsValues::bytes_received);
  out.TotalOfEachSlot("muster_sent_bytes_total", "Bytes sent to clients.",
                      &StatsValues::bytes_sent);
  out.TotalOfEachSlot("muster_http_requests_total", "HTTP requests.", &StatsValues::requests);
}

void AppendRefusals(const ZoneSnapshot& snapshot, Exposition& out) {
  out.Family("muster_connections_refused_total", "counter",
             "Connections that the rules of their listeners exclude.");
  for (const SlotSnapshot& slot : snapshot.slots) {
    const auto labels = [&](absl::string_view reason) {
      return absl::StrCat("slot=\"", slot.slot, "\",reason=\"", reason, "\"");
    };
    out.Sample(labels("over_limit"), slot.refused_over_limit);
    out.Sample(labels("proxy_protocol"), slot.refused_by_proxy_protocol);
  }
}

void AppendLogs(const ZoneSnapshot& snapshot, Exposition& out) {
  out.Family("muster_log_lines_lost_total", "counter",
             "Lines that workers could not write into their logs.");
  for (const SlotSnapshot& slot : snapshot.slots) {
    out.Sample(absl::StrCat("slot=\"", slot.slot, "\""), slot.log_lines_lost);
  }
}

void AppendResponses(const ZoneSnapshot& snapshot, Exposition& out) {
  out.Family("muster_http_responses_total", "counter",
             "HTTP responses, by the hundreds of their status.");
  for (const SlotSnapshot& slot : snapshot.slots) {
    for (std::size_t i = 0; i < kResponseClasses; ++i) {
      out.Sample(absl::StrCat("slot=\"", slot.slot, "\",code=\"", i + 2, "xx\""),
                 slot.counters.responses[i]);
    }
  }
}

void AppendConnections(const ZoneSnapshot& snapshot, Exposition& out) {
  out.Family("muster_connections", "gauge", "Connections that are open, by what they do.");
  for (const SlotSnapshot& slot : snapshot.slots) {
    const auto sample = [&](absl::string_view state, std::uint64_t value) {
      out.Sample(absl::StrCat("slot=\"", slot.slot, "\",state=\"", state, "\""), value);
    };
    sample("reading", slot.counters.reading);
    sample("writing", slot.counters.writing);
    sample("waiting", slot.counters.waiting);
  }
}

void AppendLatency(const ZoneSnapshot& snapshot, Exposition& out) {
  out.Family("muster_http_request_duration_seconds", "histogram",
             "From a request's first byte to the last byte of its answer; the sum to a sixteenth.");
  const LatencyValues& latency = snapshot.latency;
  for (std::size_t power = kLeastPower; power <= kMostPower; ++power) {
    const std::chrono::microseconds bound(std::int64_t{1} << power);
    out.Bucket(Exactly(Seconds(bound)), latency.CountBelow(bound));
  }
  out.Bucket("+Inf", latency.Count());
  out.Part("_sum", Exactly(latency.SumSeconds()));
  out.Part("_count", latency.Count());
}

// Of the slots that have a worker now.
void AppendWorkers(const ZoneSnapshot& snapshot, Exposition& out) {
  const auto each = [&](const auto& value) {
    for (const SlotSnapshot& slot : snapshot.slots) {
      if (slot.phase == WorkerPhase::kNone) continue;
      out.Sample(absl::StrCat("slot=\"", slot.slot, "\""), value(slot));
    }
  };
  out.Family("muster_worker_generation", "gauge", "Generation of the worker's configuration.");
  each([](const SlotSnapshot& slot) { return slot.generation; });
  out.Family("muster_worker_draining", "gauge", "Whether the worker drains.");
  each([](const SlotSnapshot& slot) { return slot.phase == WorkerPhase::kDraining ? 1 : 0; });
  out.Family("muster_worker_age_seconds", "gauge", "Since the worker was ready.");
  each([](const SlotSnapshot& slot) { return Seconds(slot.age); });
  out.Family("muster_worker_heartbeat_age_seconds", "gauge",
             "Since the worker last went round its loop; more than a few seconds: it hangs.");
  each([](const SlotSnapshot& slot) { return Seconds(slot.since_heartbeat); });
}

}  // namespace

std::string FormatMetrics(const ZoneSnapshot& snapshot, const std::vector<admin::v1::Metric>& own) {
  Exposition out(snapshot);
  AppendMaster(snapshot, out);
  AppendTotals(out);
  AppendLogs(snapshot, out);
  AppendRefusals(snapshot, out);
  AppendResponses(snapshot, out);
  AppendLatency(snapshot, out);
  AppendConnections(snapshot, out);
  AppendWorkers(snapshot, out);
  return out.Take() + MetricsText(own);
}

}  // namespace muster::worker::http
