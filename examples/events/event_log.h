#ifndef MUSTER_EXAMPLES_EVENTS_EVENT_LOG_H_
#define MUSTER_EXAMPLES_EVENTS_EVENT_LOG_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/zone/local/zone_mutex.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::examples {

// An object of the zone "events": the last events. It begins without any.
struct EventTable {
  static constexpr std::uint64_t kMostEvents = 1024;
  static constexpr std::size_t kMostBytes = 1000;

  struct Entry {
    std::uint32_t size_bytes;
    char text[kMostBytes];
  };

  static constexpr std::uint32_t kZoneVersion = 1;

  // A mutex of the zone guards it. Event n, from 1 on, is in entry n % kMostEvents. It is written
  // before `last` tells so: half an event is none.
  std::uint64_t last;
  Entry entries[kMostEvents];
};

// The events that any worker has published, numbered from 1. The last kMostEvents - 1 are kept,
// also over reloads and crashes. Thread-safe, but for Open.
class EventLog {
 public:
  struct Event {
    std::uint64_t number = 0;
    std::string text;
  };

  static absl::StatusOr<EventLog> Open(worker::Context& context);

  // Returns the number of the event, and rings the zone's bell. `text` has at most
  // EventTable::kMostBytes.
  std::uint64_t Append(absl::string_view text);
  // The number of the last event; 0: there is none.
  std::uint64_t last();
  // Those behind event `number` that are kept, some at a time; none: there are none.
  std::vector<Event> ReadBehind(std::uint64_t number);

  const worker::UserZone& zone() const { return *zone_; }

 private:
  static constexpr std::size_t kMostAtOnce = 64;

  EventLog(const worker::UserZone& zone, std::shared_ptr<EventTable> table,
           std::shared_ptr<ipc::ZoneMutex> mutex)
      : zone_(&zone), table_(std::move(table)), mutex_(std::move(mutex)) {}

  const worker::UserZone* zone_;
  std::shared_ptr<EventTable> table_;
  std::shared_ptr<ipc::ZoneMutex> mutex_;
};

}  // namespace muster::examples

#endif  // MUSTER_EXAMPLES_EVENTS_EVENT_LOG_H_
