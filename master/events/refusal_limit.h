#ifndef MUSTER_MASTER_EVENTS_REFUSAL_LIMIT_H_
#define MUSTER_MASTER_EVENTS_REFUSAL_LIMIT_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "muster/loop/clock.h"

namespace muster::master {

// Which refused calls are told: for each principal kBurst at once, and then one each kBetween, with
// the number of those that were left out. So a flood of one does not hide the refusals of another.
// Pure. One thread at a time.
class RefusalLimit {
 public:
  static constexpr int kBurst = 20;
  static constexpr std::chrono::seconds kBetween{5};
  // Principals that have a limit to themselves. The others share one.
  static constexpr std::size_t kMostPrincipals = 64;

  // Whether a refusal at this time is told, and then how many were left out before it.
  std::optional<std::uint64_t> Note(const std::string& principal, loop::TimePoint now);

 private:
  struct Bucket {
    int left = kBurst;               // that may be told at once
    loop::TimePoint earned_until{};  // all before is in `left`
    std::uint64_t left_out = 0;

    std::optional<std::uint64_t> Note(loop::TimePoint now);
    void Earn(loop::TimePoint now);
  };

  Bucket& BucketOf(const std::string& principal, loop::TimePoint now);

  std::map<std::string, Bucket> buckets_;
  Bucket shared_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_EVENTS_REFUSAL_LIMIT_H_
