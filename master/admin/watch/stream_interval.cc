#include "muster/master/admin/watch/stream_interval.h"

namespace muster::master {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr Feed::Clock::duration kStep = std::chrono::milliseconds(100);

}  // namespace

std::optional<Feed::Clock::duration> StreamInterval(const google::protobuf::Duration& asked,
                                                    Feed::Clock::duration least) {
  // Before the sum: it must not overflow.
  if (asked.seconds() < 0 || asked.seconds() > kLongestInterval.count() || asked.nanos() < 0 ||
      asked.nanos() > 999'999'999) {
    return std::nullopt;
  }
  const Feed::Clock::duration given = seconds(asked.seconds()) + nanoseconds(asked.nanos());
  if (given < least || given > kLongestInterval) return std::nullopt;
  return (given + kStep - Feed::Clock::duration(1)) / kStep * kStep;
}

}  // namespace muster::master
