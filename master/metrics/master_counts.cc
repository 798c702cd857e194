#include "muster/master/metrics/master_counts.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "muster/config/access/admin_method.h"
#include "muster/ipc/base/status.h"
#include "muster/master/keep/state_error.h"

namespace muster::master {
namespace {

using admin::v1::Event;

// More different ones than a program can have: signals and exit codes.
constexpr std::size_t kMostReasons = 400;

}  // namespace

void MasterCounts::Histogram::Add(double seconds) {
  for (std::size_t i = 0; i < kBounds.size(); ++i) {
    if (seconds <= kBounds[i]) ++within[i];
  }
  ++count;
  sum += seconds;
}

void MasterCounts::CountEvent(const Event& event, loop::TimePoint now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto end_attempt = [&](Histogram& attempts) {
    // One that was refused before it began took no time.
    const bool has_begun = event.attempt() != 0 && event.attempt() == attempt_;
    const loop::TimePoint began = has_begun ? attempt_began_ : now;
    attempts.Add(std::chrono::duration<double>(now - began).count());
    if (has_begun) attempt_ = 0;
  };
  switch (event.kind()) {
    case Event::RELOAD_BEGUN:
      attempt_ = event.attempt();
      attempt_began_ = now;
      break;
    case Event::GENERATION_SERVES:
      // The start is no reload.
      if (event.attempt() != 0) end_attempt(values_.reloads_done);
      break;
    case Event::RELOAD_REFUSED:
      end_attempt(values_.reloads_refused);
      break;
    case Event::WORKER_CRASHED:
      if (values_.crashes.size() < kMostReasons) ++values_.crashes[event.worker().last_end()];
      break;
    case Event::WORKER_GAVE_UP:
      ++values_.gave_up;
      break;
    case Event::WORKER_KILLED:
      ++values_.killed;
      break;
    case Event::WORKER_HUNG:
      ++values_.hung;
      break;
    default:
      break;
  }
}

void MasterCounts::CountCall(absl::string_view path, int code) {
  const bool is_known = config::FindAdminMethod(path) != nullptr;
  const std::lock_guard<std::mutex> lock(mutex_);
  ++values_.calls[{is_known ? std::string(path) : "", code}];
}

void MasterCounts::CountOverBound(bool is_stream) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++(is_stream ? values_.streams_over_bound : values_.calls_over_bound);
}

void MasterCounts::CountRefusedHandshake() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++values_.refused_handshakes;
}

MasterCounts::Values MasterCounts::Read() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return values_;
}

// ---- For another program ----

namespace {

state::v1::HistogramState StateOf(const MasterCounts::Histogram& histogram) {
  state::v1::HistogramState state;
  for (const std::uint64_t count : histogram.within) state.add_within(count);
  state.set_count(histogram.count);
  state.set_sum(histogram.sum);
  return state;
}

absl::StatusOr<MasterCounts::Histogram> HistogramOf(const state::v1::HistogramState& state,
                                                    absl::string_view field) {
  MasterCounts::Histogram histogram;
  if (static_cast<std::size_t>(state.within_size()) != histogram.within.size()) {
    return StateError(
        absl::StrCat(field, ".within"),
        absl::StrCat("has ", state.within_size(), " bounds, not ", histogram.within.size()));
  }
  std::copy(state.within().begin(), state.within().end(), histogram.within.begin());
  histogram.count = state.count();
  histogram.sum = state.sum();
  return histogram;
}

}  // namespace

state::v1::MasterCountsState MasterCounts::Save() const {
  const Values values = Read();
  state::v1::MasterCountsState state;
  *state.mutable_reloads_done() = StateOf(values.reloads_done);
  *state.mutable_reloads_refused() = StateOf(values.reloads_refused);
  for (const auto& [reason, count] : values.crashes) (*state.mutable_crashes())[reason] = count;
  state.set_gave_up(values.gave_up);
  state.set_killed(values.killed);
  state.set_hung(values.hung);
  for (const auto& [call, count] : values.calls) {
    state::v1::CountedCalls& calls = *state.add_calls();
    calls.set_path(call.first);
    calls.set_code(call.second);
    calls.set_count(count);
  }
  state.set_calls_over_bound(values.calls_over_bound);
  state.set_streams_over_bound(values.streams_over_bound);
  state.set_refused_handshakes(values.refused_handshakes);
  return state;
}

absl::Status MasterCounts::Restore(const state::v1::MasterCountsState& state) {
  Values values;
  MUSTER_ASSIGN_OR_RETURN(values.reloads_done,
                          HistogramOf(state.reloads_done(), "counts.reloads_done"));
  MUSTER_ASSIGN_OR_RETURN(values.reloads_refused,
                          HistogramOf(state.reloads_refused(), "counts.reloads_refused"));
  values.crashes.insert(state.crashes().begin(), state.crashes().end());
  if (values.crashes.size() > kMostReasons) {
    return StateError("counts.crashes", absl::StrCat("has ", values.crashes.size(), " reasons"));
  }
  values.gave_up = state.gave_up();
  values.killed = state.killed();
  values.hung = state.hung();
  for (const state::v1::CountedCalls& calls : state.calls()) {
    // A method that another version had is counted with those that there are not.
    const bool is_known = config::FindAdminMethod(calls.path()) != nullptr;
    values.calls[{is_known ? calls.path() : "", calls.code()}] += calls.count();
  }
  values.calls_over_bound = state.calls_over_bound();
  values.streams_over_bound = state.streams_over_bound();
  values.refused_handshakes = state.refused_handshakes();
  const std::lock_guard<std::mutex> lock(mutex_);
  values_ = std::move(values);
  return absl::OkStatus();
}

}  // namespace muster::master
