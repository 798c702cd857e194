#include "muster/worker/metrics/metrics_index.h"

#include <algorithm>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace muster::worker {

void MetricsIndex::CatchUp(const MetricsTable& table) {
  const std::uint32_t entries = table.size();
  // It only grows, but for what a broken process writes.
  if (entries < entries_read_) *this = MetricsIndex();
  for (; entries_read_ < entries; ++entries_read_) {
    std::optional<MetricRecord> record = table.Read(entries_read_);
    if (record.has_value()) Add(*std::move(record));
  }
}

void MetricsIndex::Add(MetricRecord record) {
  MetricSpec& spec = record.spec;
  words_taken_ =
      std::max(words_taken_, record.first_word + static_cast<std::uint32_t>(spec.words()));
  const Kind kind = {.type = spec.type, .bounds = std::move(spec.bounds)};
  if (kinds_.try_emplace(spec.name, kind).first->second != kind) return;
  first_words_.emplace(Series(std::move(spec.name), std::move(spec.labels)), record.first_word);
}

absl::StatusOr<MetricRecord> MetricsIndex::Find(const MetricSpec& spec) const {
  const std::string metric = absl::StrCat("metric \"", spec.name, "\": ");
  if (const auto found = kinds_.find(spec.name); found != kinds_.end()) {
    const Kind& there = found->second;
    if (there.type != spec.type) {
      return absl::FailedPreconditionError(absl::StrCat(metric, "is a ", ToString(there.type),
                                                        " already, not a ", ToString(spec.type)));
    }
    if (there.bounds != spec.bounds) {
      return absl::FailedPreconditionError(
          absl::StrCat(metric, "has the bounds ", absl::StrJoin(there.bounds, " "),
                       " already, not ", absl::StrJoin(spec.bounds, " ")));
    }
  }
  const auto found = first_words_.find(Series(spec.name, spec.labels));
  if (found == first_words_.end()) {
    return absl::NotFoundError(absl::StrCat(metric, "there is no such series"));
  }
  return MetricRecord{.spec = spec, .first_word = found->second};
}

}  // namespace muster::worker
