#ifndef MUSTER_MASTER_LOGS_LOG_OPENER_H_
#define MUSTER_MASTER_LOGS_LOG_OPENER_H_

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "muster/log/target.h"
#include "muster/master/aside/side_thread.h"
#include "muster/master/logs/worker_logs.h"

namespace muster::master {

// Opens logs for the loop, which waits a little: to open a file takes as long as its file system
// does. So that happens in a thread. If it hangs, all calls fail at once until it has ended. One
// thread.
class LogOpener {
 public:
  // A local disk takes microseconds.
  static constexpr std::chrono::milliseconds kPatience{1000};

  explicit LogOpener(std::chrono::milliseconds patience = kPatience) : patience_(patience) {}

  // A file system may be slow and not hang, and there are logs for each worker: all calls from here
  // to the next Begin wait for no longer than the patience together.
  void Begin() { left_ = patience_; }

  // As OpenLog. Unavailable: it took too long, or the thread still hangs, and in what.
  absl::StatusOr<log::Target> Open(const std::string& path);

 private:
  struct Attempt;

  const std::chrono::milliseconds patience_;
  std::chrono::steady_clock::duration left_ = patience_;
  std::unique_ptr<SideThread> thread_;  // from the first call on
  std::shared_ptr<Attempt> hanging_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_LOGS_LOG_OPENER_H_
