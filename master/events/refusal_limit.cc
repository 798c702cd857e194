#include "muster/master/events/refusal_limit.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace muster::master {

void RefusalLimit::Bucket::Earn(loop::TimePoint now) {
  const auto earned = std::min<std::int64_t>((now - earned_until) / kBetween, kBurst - left);
  left += static_cast<int>(earned);
  earned_until = left == kBurst ? now : earned_until + earned * kBetween;
}

std::optional<std::uint64_t> RefusalLimit::Bucket::Note(loop::TimePoint now) {
  Earn(now);
  if (left == 0) {
    ++left_out;
    return std::nullopt;
  }
  --left;
  return std::exchange(left_out, 0);
}

RefusalLimit::Bucket& RefusalLimit::BucketOf(const std::string& principal, loop::TimePoint now) {
  const auto found = buckets_.find(principal);
  if (found != buckets_.end()) return found->second;
  if (buckets_.size() >= kMostPrincipals) {
    // Who has been quiet for long needs none.
    for (auto it = buckets_.begin(); it != buckets_.end();) {
      it->second.Earn(now);
      if (it->second.left < kBurst) {
        ++it;
        continue;
      }
      // They are told with the next one of anybody.
      shared_.left_out += it->second.left_out;
      it = buckets_.erase(it);
    }
  }
  return buckets_.size() >= kMostPrincipals ? shared_ : buckets_[principal];
}

std::optional<std::uint64_t> RefusalLimit::Note(const std::string& principal, loop::TimePoint now) {
  return BucketOf(principal, now).Note(now);
}

}  // namespace muster::master
