#include "muster/master/metrics/master_counts.h"

#include <cstddef>

#include "muster/master/access/admin_method.h"

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
  const bool is_known = FindAdminMethod(path) != nullptr;
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

}  // namespace muster::master
