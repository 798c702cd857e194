#include "muster/worker/metrics/metrics.h"

#include <new>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/lock/lock_outcome.h"
#include "muster/ipc/lock/mutex.h"
#include "muster/ipc/zone/directory.h"
#include "muster/ipc/zone/object_kind.h"
#include "muster/worker/metrics/metrics_report.h"

namespace muster::worker {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(5);

// Guards the directory for those who add.
constexpr absl::string_view kMutex = "mutex";

// As in worker/http/pages/metrics.cc: from 16 microseconds to 16.8 s.
constexpr int kLeastPower = 4;
constexpr int kMostPower = 24;

absl::Status NotLocked(const MetricSpec& spec, ipc::LockOutcome outcome) {
  const std::string text =
      absl::StrCat("metric \"", spec.name, "\": the mutex \"", kMutex, "\" of the zone \"",
                   kMetricsZone, "\" cannot be locked: ", ipc::ToString(outcome));
  if (outcome == ipc::LockOutcome::kTimedOut) return absl::DeadlineExceededError(text);
  return absl::FailedPreconditionError(text);
}

}  // namespace

Metrics::Metrics(const UserZone& zone, std::uint32_t max_series, const SharedZone& shared,
                 ipc::OwnerTag tag)
    : zone_(&zone), max_series_(max_series), shared_(&shared), tag_(tag) {}

absl::Status Metrics::Open() {
  if (table_ != nullptr) return absl::OkStatus();
  MUSTER_ASSIGN_OR_RETURN(const auto table, zone_->Get<MetricsTable>("table", max_series_));
  // Who died while it added has left nothing half done.
  const auto repair = [] { return true; };
  MUSTER_ASSIGN_OR_RETURN(add_, zone_->Get<ipc::ZoneMutex>(kMutex, repair));
  table->Use(tag_.slot());
  // The gauges of an earlier process in the slot. Nobody shows them, since the stamp is that one's.
  const std::uint32_t entries = table->size();
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::optional<MetricRecord> record = table->Read(i);
    if (!record.has_value() || record->spec.type != MetricType::kGauge) continue;
    table->word(tag_.slot(), record->first_word).store(0, std::memory_order_relaxed);
  }
  // Release: who sees this process's stamp sees none of those gauges.
  table->stamp(tag_.slot())
      .store(MetricsTable::StampOf(tag_, shared_->instance_id()), std::memory_order_release);
  table_ = table;
  return absl::OkStatus();
}

// The directory is whole at any instruction of who adds, so nothing that a broken worker wrote into
// the mutex is final.
ipc::LockOutcome Metrics::Lock() const {
  const ipc::LockOutcome outcome = add_->TryLockFor(kPatience);
  if (outcome != ipc::LockOutcome::kNotRecoverable) return outcome;
  for (const absl::StatusOr<ipc::ObjectView>& object : zone_->zone().List()) {
    if (object.ok() && object->name == kMutex && object->kind == ipc::ObjectKind::kMutex) {
      std::launder(reinterpret_cast<ipc::MutexState*>(object->state))->Reset();
    }
  }
  return add_->TryLockFor(kPatience);
}

absl::StatusOr<MetricRecord> Metrics::Add(const MetricSpec& spec) {
  const ipc::LockOutcome outcome = Lock();
  if (!ipc::Holds(outcome)) return NotLocked(spec, outcome);
  if (outcome == ipc::LockOutcome::kOwnerDied) add_->MarkConsistent();
  // Another process may have added it meanwhile.
  index_.CatchUp(*table_);
  absl::StatusOr<MetricRecord> record = index_.Find(spec);
  if (absl::IsNotFound(record.status())) record = table_->Add(spec, index_.words_taken());
  add_->Unlock();
  return record;
}

absl::StatusOr<MetricRecord> Metrics::Register(MetricSpec& spec) {
  spec.SortLabels();
  MUSTER_RETURN_IF_ERROR(CheckMetric(spec));
  const auto named = [&](const absl::Status& status) {
    return ipc::Annotate(status, absl::StrCat("metric \"", spec.name, "\""));
  };
  if (zone_ == nullptr) {
    return named(absl::FailedPreconditionError(
        "there is no memory for metrics; the configuration needs metrics {}"));
  }
  if (tag_.slot() >= MetricsTable::kSlots) {
    return named(absl::FailedPreconditionError(
        absl::StrCat("slot ", tag_.slot(), " is beyond those that have metrics")));
  }
  const std::lock_guard lock(mutex_);
  MUSTER_RETURN_IF_ERROR(named(Open()));
  index_.CatchUp(*table_);
  absl::StatusOr<MetricRecord> record = index_.Find(spec);
  return absl::IsNotFound(record.status()) ? Add(spec) : record;
}

MetricsTable::Word& Metrics::WordOf(const MetricRecord& record) const {
  return table_->word(tag_.slot(), record.first_word);
}

absl::StatusOr<MetricCounter> Metrics::Counter(absl::string_view name, absl::string_view help,
                                               MetricLabels labels) {
  MetricSpec spec = {.type = MetricType::kCounter,
                     .name = std::string(name),
                     .help = std::string(help),
                     .labels = std::move(labels)};
  MUSTER_ASSIGN_OR_RETURN(const MetricRecord record, Register(spec));
  return MetricCounter(WordOf(record));
}

absl::StatusOr<MetricGauge> Metrics::Gauge(absl::string_view name, absl::string_view help,
                                           MetricLabels labels) {
  MetricSpec spec = {.type = MetricType::kGauge,
                     .name = std::string(name),
                     .help = std::string(help),
                     .labels = std::move(labels)};
  MUSTER_ASSIGN_OR_RETURN(const MetricRecord record, Register(spec));
  MetricsTable::Word& word = WordOf(record);
  // From now on it has a value. Another thread may have registered and set it.
  std::uint64_t none = 0;
  word.compare_exchange_strong(none, GaugeWord(0), std::memory_order_relaxed);
  return MetricGauge(word);
}

absl::StatusOr<MetricHistogram> Metrics::Histogram(absl::string_view name, absl::string_view help,
                                                   std::vector<double> bounds,
                                                   MetricLabels labels) {
  MetricSpec spec = {.type = MetricType::kHistogram,
                     .name = std::string(name),
                     .help = std::string(help),
                     .labels = std::move(labels),
                     .bounds = std::move(bounds)};
  MUSTER_ASSIGN_OR_RETURN(const MetricRecord record, Register(spec));
  const std::lock_guard lock(mutex_);
  return MetricHistogram(WordOf(record), *bounds_.insert(std::move(spec.bounds)).first);
}

std::vector<double> Metrics::LatencyBounds() {
  std::vector<double> bounds;
  for (int power = kLeastPower; power <= kMostPower; ++power) {
    bounds.push_back(static_cast<double>(std::int64_t{1} << power) / 1e6);
  }
  return bounds;
}

std::vector<admin::v1::Metric> Metrics::Read() const {
  if (zone_ == nullptr) return {};
  return ReadMetrics(*zone_, *shared_);
}

}  // namespace muster::worker
