#include "muster/master/admin/connection/answer_time.h"

#include <algorithm>

namespace muster::master {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLeastMargin{250};
// gRPC's time without end is farther away, and not to be computed with.
constexpr std::chrono::hours kLongest{24 * 365};

}  // namespace

std::optional<loop::TimePoint> AnswerTime(std::chrono::system_clock::duration remaining,
                                          loop::TimePoint now) {
  if (remaining > kLongest) return std::nullopt;
  const milliseconds left =
      std::max(std::chrono::duration_cast<milliseconds>(remaining), milliseconds(0));
  const milliseconds margin = std::min(std::max(left / 10, kLeastMargin), left / 2);
  return now + (left - margin);
}

}  // namespace muster::master
