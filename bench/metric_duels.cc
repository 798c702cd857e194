#include "muster/bench/metric_duels.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/bench/guarded_count.h"
#include "muster/bench/shared.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/worker/metrics/metrics.h"
#include "muster/worker/metrics/metrics_report.h"
#include "muster/worker/metrics/metrics_table.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::bench {
namespace {

constexpr std::uint32_t kMaxSeries = 64;

template <typename T>
T Must(absl::StatusOr<T> result) {
  MUSTER_CHECK(result.ok(), result.status().ToString().c_str());
  return *std::move(result);
}

// What a master makes, with a slot for each process of a round.
struct Memory {
  worker::SharedZone shared = Must(worker::SharedZone::Create(RoundPage::kMaxProcesses));
  worker::UserZone zone = Must(worker::UserZone::Create(
      std::string(worker::kMetricsZone), worker::MetricsTable::ZoneBytesFor(kMaxSeries)));
  ipc::OwnerTag tags[RoundPage::kMaxProcesses] = {Must(shared.Reserve()), Must(shared.Reserve())};
};

// A worker's part of it.
struct Registered {
  Registered(const Memory& memory, int role)
      : zone(Must(worker::UserZone::Attach(memory.zone.name(),
                                           Must(ipc::DuplicateFd(memory.zone.memory_fd())),
                                           Must(ipc::DuplicateFd(memory.zone.bell_fd()))))),
        metrics(zone, kMaxSeries, memory.shared, memory.tags[role]) {}

  worker::UserZone zone;
  worker::Metrics metrics;
};

using Place = std::shared_ptr<std::optional<Memory>>;

absl::Status CheckTotal(const Place& memory, std::uint64_t total) {
  const auto metrics = worker::ReadMetrics((*memory)->zone, (*memory)->shared);
  const auto& series = metrics.at(0).series(0);
  return CheckCount(series.has_histogram() ? series.histogram().count() : series.total(), total);
}

Contestant Counter() {
  const auto memory = std::make_shared<std::optional<Memory>>();
  return {.name = "MetricCounter",
          .reset = [memory] { memory->emplace(); },
          .play =
              [memory](Turn& turn) {
                Registered mine(**memory, turn.role());
                const worker::MetricCounter counter =
                    Must(mine.metrics.Counter("counted_total", ""));
                turn.Repeat<4096>([&] { counter.Add(); });
              },
          .check = [memory](std::uint64_t total) { return CheckTotal(memory, total); }};
}

Contestant Histogram() {
  const auto memory = std::make_shared<std::optional<Memory>>();
  return {.name = "MetricHistogram, 21 bounds",
          .reset = [memory] { memory->emplace(); },
          .play =
              [memory](Turn& turn) {
                Registered mine(**memory, turn.role());
                const worker::MetricHistogram histogram = Must(mine.metrics.Histogram(
                    "counted_seconds", "", worker::Metrics::LatencyBounds()));
                turn.Repeat<4096>([&] { histogram.Observe(0.001); });
              },
          .check = [memory](std::uint64_t total) { return CheckTotal(memory, total); }};
}

// What a program without other processes has.
struct alignas(ipc::kCacheLineBytes) OwnLine {
  std::atomic<std::uint64_t> value{0};
};
struct OwnLines {
  OwnLine lines[RoundPage::kMaxProcesses];
};

Contestant PlainAtomic() {
  const auto state = MakeShared<OwnLines>();
  return {.name = "atomic of its own",
          .reset = [state] { new (state.get()) OwnLines(); },
          .play =
              [state](Turn& turn) {
                std::atomic<std::uint64_t>& value = state->lines[turn.role()].value;
                turn.Repeat<4096>([&] { value.fetch_add(1, std::memory_order_relaxed); });
              },
          .check =
              [state](std::uint64_t total) {
                return CheckCount(state->lines[0].value + state->lines[1].value, total);
              }};
}

}  // namespace

std::vector<Duel> MetricDuels() {
  return {
      {"metric increment, two processes", Processes::kTwo, Counter(), PlainAtomic(), 1.20},
      {"metric observation, two processes", Processes::kTwo, Histogram(), PlainAtomic(), 4.00},
  };
}

}  // namespace muster::bench
