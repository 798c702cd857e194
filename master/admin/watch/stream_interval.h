#ifndef MUSTER_MASTER_ADMIN_WATCH_STREAM_INTERVAL_H_
#define MUSTER_MASTER_ADMIN_WATCH_STREAM_INTERVAL_H_

#include <chrono>
#include <optional>

#include "google/protobuf/duration.pb.h"
#include "muster/master/admin/watch/feed.h"

namespace muster::master {

// The longest that a client may ask for.
inline constexpr std::chrono::seconds kLongestInterval{3600};

// The interval at which a stream looks whose client asks for `asked`: rounded up to tenths of a
// second, since readers of one interval look together, and each other interval costs a look of its
// own. Nothing: it is no duration, or not from `least` to kLongestInterval. Pure.
std::optional<Feed::Clock::duration> StreamInterval(const google::protobuf::Duration& asked,
                                                    Feed::Clock::duration least);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_WATCH_STREAM_INTERVAL_H_
