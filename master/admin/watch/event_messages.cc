#include "muster/master/admin/watch/event_messages.h"

#include <algorithm>
#include <memory>

#include "muster/master/admin/watch/bytes.h"

namespace muster::master {
namespace {

EventMessages::Kinds BitOf(int kind) {
  return kind >= 0 && kind < 64 ? EventMessages::Kinds{1} << kind : 0;
}

// Beyond this it is not worth while to look for a message that was made before.
constexpr std::size_t kMostMade = 64;

}  // namespace

EventMessages::Kinds EventMessages::KindsOf(const admin::v1::WatchEventsRequest& request) {
  if (request.kind().empty()) return kAll;
  Kinds kinds = 0;
  for (const int kind : request.kind()) kinds |= BitOf(kind);
  return kinds;
}

WatchMessage EventMessages::After(std::uint64_t position, Kinds kinds, bool is_first) {
  const std::uint64_t next = ring_.next();
  if (next != next_ || made_.size() > kMostMade) made_.clear();
  next_ = next;
  const Key key(position, kinds, is_first);
  if (const auto found = made_.find(key); found != made_.end()) return found->second;

  const EventRing::Batch batch = ring_.Read(position, kMostEvents);
  admin::v1::WatchEventsResponse response;
  for (const auto& event : batch.events) {
    if (kinds == kAll || (kinds & BitOf(event->kind())) != 0) *response.add_events() = *event;
  }
  WatchMessage message;
  message.next = batch.next;
  message.is_last = batch.next >= next;
  // Also without events: who goes on later does so where it was, whatever it asked for.
  if (is_first || batch.next != position || batch.missed > 0) {
    response.set_missed(batch.missed);
    response.set_instance(ring_.instance());
    response.set_next(batch.next);
    // One more may have been added between the two looks.
    response.set_end(std::max(next, batch.next));
    message.bytes = std::make_shared<const grpc::ByteBuffer>(BytesOf(response));
  }
  made_[key] = message;
  return message;
}

}  // namespace muster::master
