#include "muster/examples/events/event_log.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>

#include "muster/ipc/base/check.h"
#include "muster/ipc/base/status.h"

namespace muster::examples {

absl::StatusOr<EventLog> EventLog::Open(worker::Context& context) {
  MUSTER_ASSIGN_OR_RETURN(const worker::UserZone* zone, context.zone("events"));
  MUSTER_ASSIGN_OR_RETURN(auto table, zone->Get<EventTable>("log"));
  const auto repair = [] { return true; };  // there is never anything to repair
  MUSTER_ASSIGN_OR_RETURN(auto mutex, zone->Get<ipc::ZoneMutex>("mutex", repair));
  return EventLog(*zone, std::move(table), std::move(mutex));
}

std::uint64_t EventLog::Append(absl::string_view text) {
  MUSTER_CHECK(text.size() <= EventTable::kMostBytes, "the event fits");
  std::uint64_t number;
  {
    const std::scoped_lock lock(*mutex_);
    number = table_->last + 1;
    EventTable::Entry& entry = table_->entries[number % EventTable::kMostEvents];
    entry.size_bytes = static_cast<std::uint32_t>(text.size());
    std::memcpy(entry.text, text.data(), text.size());
    // A process that is killed before this has published nothing. The compiler must keep the order.
    std::atomic_signal_fence(std::memory_order_release);
    table_->last = number;
  }
  zone_->Ring();
  return number;
}

std::uint64_t EventLog::last() {
  const std::scoped_lock lock(*mutex_);
  return table_->last;
}

std::vector<EventLog::Event> EventLog::ReadBehind(std::uint64_t number) {
  std::vector<Event> events;
  const std::scoped_lock lock(*mutex_);
  const std::uint64_t last = table_->last;
  // Not the one before: a process that was killed may have written half an event over it.
  const std::uint64_t lost = last - std::min(last, EventTable::kMostEvents - 1);
  for (std::uint64_t n = std::max(number, lost) + 1; n <= last && events.size() < kMostAtOnce;
       ++n) {
    const EventTable::Entry& entry = table_->entries[n % EventTable::kMostEvents];
    const std::size_t size = std::min<std::size_t>(entry.size_bytes, EventTable::kMostBytes);
    events.push_back({n, std::string(entry.text, size)});
  }
  return events;
}

}  // namespace muster::examples
