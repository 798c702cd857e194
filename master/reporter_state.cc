// What of the reports another program in this process goes on with.

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/status.h"
#include "muster/master/keep/saved_time.h"
#include "muster/master/keep/state_error.h"
#include "muster/master/reporter.h"
#include "muster/worker/zone/latency_histogram.h"
#include "muster/worker/zone/slot_stats.h"

namespace muster::master {
namespace {

using worker::LatencyValues;
using worker::StatsValues;

// Gauges are those of now.
state::v1::CountedBeforeState StateOf(std::uint32_t slot, const StatsValues& values) {
  state::v1::CountedBeforeState state;
  state.set_slot(slot);
  state.set_accepted(values.accepted);
  state.set_handled(values.handled);
  state.set_requests(values.requests);
  state.set_bytes_received(values.bytes_received);
  state.set_bytes_sent(values.bytes_sent);
  state.set_closed_at_deadline(values.closed_at_deadline);
  state.set_handed_off(values.handed_off);
  state.set_adopted(values.adopted);
  for (const std::uint64_t count : values.responses) state.add_responses(count);
  return state;
}

absl::StatusOr<StatsValues> StatsOf(const state::v1::CountedBeforeState& state) {
  StatsValues values;
  values.accepted = state.accepted();
  values.handled = state.handled();
  values.requests = state.requests();
  values.bytes_received = state.bytes_received();
  values.bytes_sent = state.bytes_sent();
  values.closed_at_deadline = state.closed_at_deadline();
  values.handed_off = state.handed_off();
  values.adopted = state.adopted();
  if (static_cast<std::size_t>(state.responses_size()) != values.responses.size()) {
    return StateError("responses", absl::StrCat("has ", state.responses_size(), " classes"));
  }
  std::copy(state.responses().begin(), state.responses().end(), values.responses.begin());
  return values;
}

absl::StatusOr<LatencyValues> LatencyOf(const state::v1::CountedBeforeState& state) {
  LatencyValues values;
  for (const auto& [bucket, count] : state.latency()) {
    if (bucket >= values.buckets.size()) {
      return StateError("latency", absl::StrCat("has a bucket ", bucket));
    }
    values.buckets[bucket] = count;
  }
  return values;
}

absl::Status CheckSlot(absl::string_view field, std::uint32_t slot, std::uint32_t slots) {
  if (slot < slots) return absl::OkStatus();
  return StateError(field, absl::StrCat("is ", slot, " of ", slots));
}

}  // namespace

state::v1::ReporterState Reporter::Save() const {
  state::v1::ReporterState state;
  state.set_start_time(absl::ToUnixNanos(start_time_));
  state.set_started(ToSavedTime(started_));
  state.set_counted_from(ToSavedTime(counted_from_.load(std::memory_order_relaxed)));
  state.set_slots_taken(slots_taken_);
  for (const auto& [slot, values] : counted_before_) {
    state::v1::CountedBeforeState& before = *state.add_counted_before();
    before = StateOf(slot, values);
    const auto latency = latency_before_.find(slot);
    if (latency == latency_before_.end()) continue;
    const auto& buckets = latency->second.buckets;
    for (std::uint32_t bucket = 0; bucket < buckets.size(); ++bucket) {
      if (buckets[bucket] != 0) (*before.mutable_latency())[bucket] = buckets[bucket];
    }
  }
  for (const std::uint32_t slot : silent_) state.add_silent(slot);
  for (const auto& [slot, hang] : hangs_) (*state.mutable_hangs())[slot] = hang;
  return state;
}

absl::Status Reporter::Restore(const state::v1::ReporterState& state) {
  const std::uint32_t slots = subjects_.zone.capacity();
  if (state.started() <= 0) return StateError("started", "is missing");
  if (state.slots_taken() > slots) {
    return StateError("slots_taken", absl::StrCat("is ", state.slots_taken(), " of ", slots));
  }
  CountedBefore counted_before;
  LatencyBefore latency_before;
  for (int i = 0; i < state.counted_before_size(); ++i) {
    const state::v1::CountedBeforeState& before = state.counted_before(i);
    const std::string field = absl::StrCat("counted_before[", i, "]");
    MUSTER_RETURN_IF_ERROR(CheckSlot(absl::StrCat(field, ".slot"), before.slot(), slots));
    const absl::StatusOr<StatsValues> values = StatsOf(before);
    if (!values.ok()) return InStateField(field, values.status());
    const absl::StatusOr<LatencyValues> latency = LatencyOf(before);
    if (!latency.ok()) return InStateField(field, latency.status());
    counted_before[before.slot()] = *values;
    latency_before[before.slot()] = *latency;
  }
  std::set<std::uint32_t> silent;
  for (const std::uint32_t slot : state.silent()) {
    MUSTER_RETURN_IF_ERROR(CheckSlot("silent", slot, slots));
    silent.insert(slot);
  }
  std::map<std::uint32_t, admin::v1::Hang> hangs;
  for (const auto& [slot, hang] : state.hangs()) {
    MUSTER_RETURN_IF_ERROR(CheckSlot("hangs", slot, slots));
    hangs[slot] = hang;
  }
  start_time_ = absl::FromUnixNanos(state.start_time());
  started_ = FromSavedTime(state.started());
  counted_from_.store(FromSavedTime(state.counted_from()), std::memory_order_relaxed);
  slots_taken_ = state.slots_taken();
  counted_before_ = std::move(counted_before);
  latency_before_ = std::move(latency_before);
  silent_ = std::move(silent);
  hangs_ = std::move(hangs);
  return absl::OkStatus();
}

}  // namespace muster::master
