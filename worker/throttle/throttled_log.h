#ifndef MUSTER_WORKER_THROTTLE_THROTTLED_LOG_H_
#define MUSTER_WORKER_THROTTLE_THROTTLED_LOG_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "muster/loop/timer.h"
#include "muster/worker/runtime/context.h"
#include "muster/worker/throttle/line_throttle.h"

namespace muster::worker {

// The error log for lines of which each client may cause one: one of each kind in 10 seconds is
// written, and then how many others there were. Belongs to the loop's thread.
class ThrottledLog {
 public:
  // The line about those of one kind that were only counted: "3 more clients were closed for x".
  using CountLine = std::function<std::string(const LineThrottle::Count& count)>;

  // `context` outlives it.
  ThrottledLog(Context& context, CountLine count_line)
      : context_(context),
        count_line_(std::move(count_line)),
        timer_(context.loop(), [this] { WriteDue(); }) {}
  // Writes how many others there were until now.
  ~ThrottledLog() { WriteCounts(throttle_.TakeAll()); }

  // `kind`: one of a few, since each is kept. It must not come from a client.
  void Write(config::v1::Log::Level level, absl::string_view kind, absl::string_view line);

  Context& context() { return context_; }

 private:
  void WriteDue();
  void WriteCounts(const std::vector<LineThrottle::Count>& counts);

  Context& context_;
  const CountLine count_line_;
  LineThrottle throttle_;
  loop::Timer timer_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_THROTTLE_THROTTLED_LOG_H_
