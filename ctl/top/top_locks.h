#ifndef MUSTER_CTL_TOP_TOP_LOCKS_H_
#define MUSTER_CTL_TOP_TOP_LOCKS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "muster/proto/zone_call.pb.h"

namespace muster::ctl {

// The locks that were waited for, or whose owners died, with how often in a second they are waited
// for: the difference between two answers of the master. Pure. A value.
class TopLocks {
 public:
  // What the master has told of contended locks, at `now` by a clock that is never set.
  void Take(const admin::v1::ListLocksResponse& locks, absl::Duration now);

  // A title and a line for each such lock, the one with the most waits in a second first; at most
  // `most` lines. None if there is no such lock.
  std::vector<std::string> Lines(std::size_t most) const;

 private:
  struct Row {
    admin::v1::Lock lock;
    std::optional<double> waits_per_second;  // none: there was no answer before, or no count
  };

  std::vector<Row> rows_;
  std::optional<absl::Duration> taken_;
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TOP_TOP_LOCKS_H_
