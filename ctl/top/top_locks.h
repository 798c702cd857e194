#ifndef MUSTER_CTL_TOP_TOP_LOCKS_H_
#define MUSTER_CTL_TOP_TOP_LOCKS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "muster/proto/zone_call.pb.h"

namespace muster::ctl {

// The locks that were waited for, or whose owners died, since the first look. Shared memory has no
// counts of these: they are counted by looking again and again, so what comes and goes between two
// looks is not seen. Pure. A value.
class TopLocks {
 public:
  // What the master has told of locks in use at one moment.
  void Take(const admin::v1::ListLocksResponse& locks);

  // A title and a line for each such lock, the one that was waited for most often first; at most
  // `most` lines. None if there is no such lock.
  std::vector<std::string> Lines(std::size_t most) const;

 private:
  struct Seen {
    admin::v1::Lock last;
    bool is_in_use = false;       // at the last look
    std::uint64_t waited = 0;     // looks at which somebody waited for it
    std::uint64_t deaths = 0;     // of owners
    bool has_dead_owner = false;  // at the last look
  };

  std::uint64_t looks_ = 0;
  std::map<std::pair<std::string, std::string>, Seen> seen_;  // by zone and name
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TOP_TOP_LOCKS_H_
