#include "muster/master/admin/watch/watches.h"

#include <chrono>
#include <optional>
#include <utility>

#include "google/protobuf/duration.pb.h"
#include "muster/master/admin/watch/bytes.h"
#include "muster/master/admin/watch/watch_call.h"
#include "muster/proto/event.pb.h"

namespace muster::master {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr seconds kLongest{3600};
constexpr milliseconds kShortestOfStatus{100};
constexpr seconds kUsualOfStatus{1};

// Nothing: it is none, or out of bounds.
constexpr Feed::Clock::duration kStep = milliseconds(100);

std::optional<Feed::Clock::duration> IntervalOf(const google::protobuf::Duration& interval,
                                                Feed::Clock::duration least) {
  if (interval.seconds() < 0 || interval.seconds() > kLongest.count() || interval.nanos() < 0 ||
      interval.nanos() > 999'999'999) {
    return std::nullopt;
  }
  const Feed::Clock::duration given = seconds(interval.seconds()) + nanoseconds(interval.nanos());
  if (given < least || given > kLongest) return std::nullopt;
  // Up to whole steps: readers of one interval are looked at together, and each other one costs a
  // look of its own.
  return (given + kStep - Feed::Clock::duration(1)) / kStep * kStep;
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* Refused(const char* why) {
  return new EndedStream({grpc::StatusCode::INVALID_ARGUMENT, why});
}

}  // namespace

Watches::Watches(EventRing& ring, std::function<admin::v1::Status()> status)
    : ring_(ring), events_(ring), statuses_(std::move(status)) {
  ring_.SetListener([this] { feed_.News(); });
}

void Watches::Close() {
  ring_.SetListener(nullptr);
  feed_.Close();
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* Watches::WatchEvents(const grpc::ByteBuffer& request,
                                                                 std::atomic<int>& count) {
  admin::v1::WatchEventsRequest asked;
  if (!ParseBytes(request, &asked)) return Refused("the request is not a WatchEventsRequest");
  const auto interval = IntervalOf(asked.interval(), Feed::Clock::duration::zero());
  if (!interval.has_value()) return Refused("interval: must be from 0s to 3600s");
  std::uint64_t from = asked.from() == 0 ? ring_.next() : asked.from();
  // The number means nothing in this run; all that there is comes after it.
  if (!asked.instance().empty() && asked.instance() != ring_.instance()) from = 1;
  return WatchCall::Begin(
      feed_, {Feed::Kind::kTold, *interval, from},
      [this, kinds = EventMessages::KindsOf(asked)](std::uint64_t position, bool is_first) {
        return events_.After(position, kinds, is_first);
      },
      count);
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* Watches::WatchStatus(const grpc::ByteBuffer& request,
                                                                 std::atomic<int>& count) {
  admin::v1::WatchStatusRequest asked;
  if (!ParseBytes(request, &asked)) return Refused("the request is not a WatchStatusRequest");
  const auto interval = asked.has_interval() && asked.interval().ByteSizeLong() > 0
                            ? IntervalOf(asked.interval(), kShortestOfStatus)
                            : std::optional<Feed::Clock::duration>(kUsualOfStatus);
  if (!interval.has_value()) return Refused("interval: must be 0s, or from 100ms to 3600s");
  return WatchCall::Begin(
      feed_, {Feed::Kind::kPolls, *interval, 0},
      [this](std::uint64_t position, bool is_first) { return statuses_.After(position, is_first); },
      count);
}

}  // namespace muster::master
