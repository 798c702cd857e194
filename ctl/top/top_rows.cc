#include "muster/ctl/top/top_rows.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "muster/ctl/text/units.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

// How much a counter has grown in a second. None: it did not grow but was set anew.
std::optional<double> RateOf(std::uint64_t now, std::uint64_t before, absl::Duration elapsed) {
  if (now < before || elapsed <= absl::ZeroDuration()) return std::nullopt;
  return static_cast<double>(now - before) / absl::ToDoubleSeconds(elapsed);
}

std::string FormatRate(std::optional<double> rate) {
  if (!rate.has_value()) return "-";
  return *rate < 9.95 && *rate > 0 ? absl::StrFormat("%.1f", *rate)
                                   : absl::StrFormat("%.0f", *rate);
}

std::string StateText(const v1::Worker& worker) {
  if (!v1::Worker::State_IsValid(worker.state())) return absl::StrCat("state ", worker.state());
  std::string name = absl::StrReplaceAll(
      absl::AsciiStrToLower(v1::Worker::State_Name(worker.state())), {{"_", " "}});
  if (worker.has_hung_for()) {
    absl::StrAppend(&name, worker.state() == v1::Worker::HUNG ? " " : ", hung ",
                    FormatAge(ToDuration(worker.hung_for())));
  }
  return name;
}

}  // namespace

const char* TopRows::TitleOf(TopColumn column) {
  constexpr std::array<const char*, kTopColumns> kTitles = {
      "WORKER",   "GEN",    "SLOT",  "PID", "STATE", "AGE",    "CPU%",     "MEMORY",
      "RESTARTS", "ACTIVE", "REQ/S", "P50", "P99",   "CONN/S", "REQUESTS", "SERVES"};
  return kTitles[static_cast<std::size_t>(column)];
}

void TopRows::Take(const v1::Status& status, absl::Duration now) {
  const absl::Duration elapsed = taken_.has_value() ? now - *taken_ : absl::ZeroDuration();
  const v1::Counters& all = status.stats().total();
  rates_ = {};
  const LatencyCounts latency(status.stats().latency());
  if (taken_.has_value()) {
    const auto between = latency.Since(total_.latency);
    rates_ = {.requests = RateOf(all.requests(), total_.requests, elapsed),
              .connections = RateOf(all.accepted(), total_.connections, elapsed),
              .p50 = between ? between->Percentile(0.5) : std::nullopt,
              .p99 = between ? between->Percentile(0.99) : std::nullopt};
  }
  total_ = {.requests = all.requests(),
            .connections = all.accepted(),
            .cpu = {},
            .pid = 0,
            .latency = latency};

  Samples samples;
  rows_.clear();
  for (const v1::Worker& worker : status.workers()) {
    const v1::Counters& counters = worker.counters();
    const bool runs = worker.pid() != 0;
    const std::tuple key(worker.generation(), worker.index(), worker.slot());
    const Sample sample = {.requests = counters.requests(),
                           .connections = counters.accepted(),
                           .cpu = ToDuration(worker.cpu_time()),
                           .pid = worker.pid(),
                           .latency = LatencyCounts(worker.latency())};
    samples[key] = sample;

    std::optional<double> requests;
    std::optional<double> connections;
    std::optional<double> cpu;
    std::optional<LatencyCounts> between;
    const auto before = samples_.find(key);
    if (taken_.has_value() && before != samples_.end()) {
      requests = RateOf(sample.requests, before->second.requests, elapsed);
      connections = RateOf(sample.connections, before->second.connections, elapsed);
      between = sample.latency.Since(before->second.latency);
      // The time of another process is not this one's.
      if (runs && worker.has_cpu_time() && before->second.pid == sample.pid &&
          elapsed > absl::ZeroDuration()) {
        cpu = 100 * absl::FDivDuration(sample.cpu - before->second.cpu, elapsed);
      }
    }
    TopRow row;
    row.state = worker.state();
    const auto set = [&row](TopColumn column, std::string text, double number) {
      row.cells[static_cast<std::size_t>(column)] = std::move(text);
      row.keys[static_cast<std::size_t>(column)] = number;
    };
    const auto count = [&set](TopColumn column, std::uint64_t number) {
      set(column, absl::StrCat(number), static_cast<double>(number));
    };
    const auto rate = [&set](TopColumn column, std::optional<double> number) {
      set(column, FormatRate(number), number.value_or(-1));
    };
    const auto percentile = [&](TopColumn column, double part) {
      const auto latency = between ? between->Percentile(part) : std::nullopt;
      set(column, FormatLatency(latency), latency ? absl::ToDoubleSeconds(*latency) : -1);
    };
    count(TopColumn::kWorker, worker.index());
    count(TopColumn::kGeneration, worker.generation());
    count(TopColumn::kSlot, worker.slot());
    set(TopColumn::kPid, runs ? absl::StrCat(worker.pid()) : "-", worker.pid());
    set(TopColumn::kState, StateText(worker), worker.state());
    const absl::Duration age = ToDuration(worker.age());
    set(TopColumn::kAge, runs ? FormatAge(age) : "-", runs ? absl::ToDoubleSeconds(age) : -1);
    rate(TopColumn::kCpu, cpu);
    set(TopColumn::kMemory,
        worker.resident_bytes() > 0 ? FormatBytes(worker.resident_bytes()) : "-",
        static_cast<double>(worker.resident_bytes()));
    count(TopColumn::kRestarts, worker.restarts());
    count(TopColumn::kActive, counters.active());
    rate(TopColumn::kRequestRate, requests);
    percentile(TopColumn::kP50, 0.5);
    percentile(TopColumn::kP99, 0.99);
    rate(TopColumn::kConnectionRate, connections);
    count(TopColumn::kRequests, counters.requests());
    set(TopColumn::kRequest, FormatRequest(worker),
        worker.has_request() ? absl::ToDoubleSeconds(ToDuration(worker.request().age())) : -1);
    rows_.push_back(std::move(row));
  }
  samples_ = std::move(samples);
  taken_ = now;
}

}  // namespace muster::ctl
