#ifndef MUSTER_WORKER_THROTTLE_LINE_THROTTLE_H_
#define MUSTER_WORKER_THROTTLE_LINE_THROTTLE_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "muster/loop/clock.h"

namespace muster::worker {

// Which lines about clients are written, where thousands of clients may do the same: of each kind
// one in kInterval. The others are counted, and told as a number when the interval is over. Pure:
// time is an argument.
class LineThrottle {
 public:
  static constexpr std::chrono::seconds kInterval{10};

  // Whether a line of `kind` is to be written now. If not, it is counted.
  bool Admit(absl::string_view kind, loop::TimePoint now);

  struct Count {
    std::string kind;
    std::uint64_t lines = 0;
  };
  // Those that were counted in intervals that are over.
  std::vector<Count> TakeDue(loop::TimePoint now);
  // Those that were counted and not told, before the end.
  std::vector<Count> TakeAll();
  // When the next interval is over in which some were counted.
  std::optional<loop::TimePoint> next_due() const;

 private:
  struct Kind {
    loop::TimePoint until;
    std::uint64_t counted = 0;
  };
  std::map<std::string, Kind, std::less<>> kinds_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_THROTTLE_LINE_THROTTLE_H_
