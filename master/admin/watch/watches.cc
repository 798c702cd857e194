#include "muster/master/admin/watch/watches.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "muster/master/admin/call/error_details.h"
#include "muster/master/admin/watch/bytes.h"
#include "muster/master/admin/watch/stream_interval.h"
#include "muster/master/admin/watch/watch_call.h"
#include "muster/proto/event.pb.h"

namespace muster::master {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kShortestOfStatus{100};
constexpr seconds kUsualOfStatus{1};

grpc::ServerWriteReactor<grpc::ByteBuffer>* Refused(const char* why, Watches::Ended ended) {
  return new EndedStream(ToGrpcStatus(absl::InvalidArgumentError(why)), std::move(ended));
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
                                                                 std::atomic<int>& count,
                                                                 Follow follow, Ended ended) {
  admin::v1::WatchEventsRequest asked;
  if (!ParseBytes(request, &asked))
    return Refused("the request is not a WatchEventsRequest", std::move(ended));
  const auto interval = StreamInterval(asked.interval(), Feed::Clock::duration::zero());
  if (!interval.has_value()) return Refused("interval: must be from 0s to 3600s", std::move(ended));
  std::uint64_t from = asked.from();
  if (from == 0) {
    const std::uint64_t next = ring_.next();
    from = next - std::min(next - 1, asked.last());
  }
  // The number means nothing in this run; all that there is comes after it.
  if (!asked.instance().empty() && asked.instance() != ring_.instance()) from = 1;
  return WatchCall::Begin(
      feed_, {Feed::Kind::kTold, *interval, from},
      [this, kinds = EventMessages::KindsOf(asked)](std::uint64_t position, bool is_first) {
        return events_.After(position, kinds, is_first);
      },
      count, std::move(follow), std::move(ended));
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* Watches::WatchStatus(const grpc::ByteBuffer& request,
                                                                 std::atomic<int>& count,
                                                                 Follow follow, Ended ended) {
  admin::v1::WatchStatusRequest asked;
  if (!ParseBytes(request, &asked))
    return Refused("the request is not a WatchStatusRequest", std::move(ended));
  const auto interval = asked.has_interval() && asked.interval().ByteSizeLong() > 0
                            ? StreamInterval(asked.interval(), kShortestOfStatus)
                            : std::optional<Feed::Clock::duration>(kUsualOfStatus);
  if (!interval.has_value())
    return Refused("interval: must be 0s, or from 100ms to 3600s", std::move(ended));
  return WatchCall::Begin(
      feed_, {Feed::Kind::kPolls, *interval, 0},
      [this](std::uint64_t position, bool is_first) { return statuses_.After(position, is_first); },
      count, std::move(follow), std::move(ended));
}

}  // namespace muster::master
