#include "muster/master/events/event_ring.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "muster/log/printable.h"
#include "muster/master/keep/state_error.h"

namespace muster::master {
namespace {

std::string NewInstance() {
  std::random_device random;
  return absl::StrFormat("%08x%08x", random(), random());
}

// Lines of valid UTF-8.
std::string Told(const std::string& text) {
  std::vector<std::string> lines;
  for (const auto line : absl::StrSplit(text, '\n')) lines.push_back(log::Printable(line));
  std::string told = absl::StrJoin(lines, "\n");
  log::CutLine(told, EventRing::kMostTextBytes);
  return told;
}

}  // namespace

EventRing::EventRing(std::size_t capacity) : capacity_(capacity), instance_(NewInstance()) {}

void EventRing::Add(admin::v1::Event event) {
  event.set_text(Told(event.text()));
  {
    const std::lock_guard lock(mutex_);
    const absl::Time now = absl::Now();
    event.mutable_time()->set_seconds(absl::ToUnixSeconds(now));
    event.mutable_time()->set_nanos(static_cast<std::int32_t>(
        (now - absl::FromUnixSeconds(event.time().seconds())) / absl::Nanoseconds(1)));
    event.set_number(next_++);
    if (observer_) observer_(event);
    events_.push_back(std::make_shared<const admin::v1::Event>(std::move(event)));
    if (events_.size() > capacity_) events_.pop_front();
  }
  const std::lock_guard lock(listener_mutex_);
  if (listener_) listener_();
}

EventRing::Batch EventRing::Read(std::uint64_t from, std::size_t most) const {
  const std::lock_guard lock(mutex_);
  Batch batch;
  const std::uint64_t first = next_ - events_.size();
  std::uint64_t begin = std::clamp<std::uint64_t>(from, 1, next_);
  if (begin < first) batch.missed = first - std::exchange(begin, first);
  batch.next = std::min<std::uint64_t>(next_, begin + most);
  for (std::uint64_t number = begin; number < batch.next; ++number) {
    batch.events.push_back(events_[number - first]);
  }
  return batch;
}

std::uint64_t EventRing::next() const {
  const std::lock_guard lock(mutex_);
  return next_;
}

void EventRing::SetListener(std::function<void()> listener) {
  const std::lock_guard lock(listener_mutex_);
  listener_ = std::move(listener);
}

state::v1::EventRingState EventRing::Save() const {
  const std::lock_guard lock(mutex_);
  state::v1::EventRingState state;
  state.set_instance(instance_);
  state.set_next(next_);
  for (const auto& event : events_) *state.add_events() = *event;
  return state;
}

absl::Status EventRing::Restore(const state::v1::EventRingState& state) {
  if (state.instance().empty()) return StateError("events.instance", "is missing");
  const auto size = static_cast<std::uint64_t>(state.events_size());
  if (state.next() <= size) {
    return StateError("events.next", absl::StrCat("is ", state.next(), " after ", size, " events"));
  }
  std::deque<std::shared_ptr<const admin::v1::Event>> events;
  for (const admin::v1::Event& event : state.events()) {
    if (event.number() != state.next() - size + events.size()) {
      return StateError(absl::StrCat("events.events[", events.size(), "].number"),
                        absl::StrCat("is ", event.number(), "; there is a gap"));
    }
    events.push_back(std::make_shared<const admin::v1::Event>(event));
  }
  while (events.size() > capacity_) events.pop_front();
  const std::lock_guard lock(mutex_);
  instance_ = state.instance();
  next_ = state.next();
  events_ = std::move(events);
  return absl::OkStatus();
}

}  // namespace muster::master
