#ifndef MUSTER_MASTER_ADMIN_WATCH_EVENT_MESSAGES_H_
#define MUSTER_MASTER_ADMIN_WATCH_EVENT_MESSAGES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <tuple>

#include "muster/master/admin/watch/watch_call.h"
#include "muster/master/events/event_ring.h"
#include "muster/proto/event.pb.h"

namespace muster::master {

// The messages of WatchEvents. Readers that are at the same event and want the same kinds are sent
// the same bytes. One thread, the feed's.
class EventMessages {
 public:
  // Events in one message; further ones come in the next one.
  static constexpr std::size_t kMostEvents = 256;

  // A bit for each kind; all: every kind, also those without a bit.
  using Kinds = std::uint64_t;
  static constexpr Kinds kAll = ~Kinds{0};
  static Kinds KindsOf(const admin::v1::WatchEventsRequest& request);

  // `ring` outlives it.
  explicit EventMessages(const EventRing& ring) : ring_(ring) {}

  WatchMessage After(std::uint64_t position, Kinds kinds, bool is_first);

 private:
  using Key = std::tuple<std::uint64_t, Kinds, bool>;

  const EventRing& ring_;
  std::uint64_t next_ = 0;  // of the ring, when these were made
  std::map<Key, WatchMessage> made_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_WATCH_EVENT_MESSAGES_H_
