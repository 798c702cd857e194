#include "muster/master/logs/log_opener.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"

namespace muster::master {

struct LogOpener::Attempt {
  bool has_ended() {
    const std::lock_guard<std::mutex> lock(mutex);
    return target.has_value();
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::optional<absl::StatusOr<log::Target>> target;  // guarded by mutex
};

absl::StatusOr<log::Target> LogOpener::Open(const std::string& path) {
  const auto refuse = [&] {
    const auto busy = thread_->busy();
    return absl::UnavailableError(
        absl::StrCat("open ", path, ": ", busy ? busy->ToString() : "it took too long"));
  };
  if (hanging_ != nullptr && !hanging_->has_ended()) return refuse();
  hanging_.reset();
  if (thread_ == nullptr) {
    MUSTER_ASSIGN_OR_RETURN(thread_, SideThread::Start());
  }
  const auto attempt = std::make_shared<Attempt>();
  thread_->Post([attempt, path] {
    absl::StatusOr<log::Target> target = OpenLog(path);
    const std::lock_guard<std::mutex> lock(attempt->mutex);
    attempt->target.emplace(std::move(target));
    attempt->changed.notify_all();
  });
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  std::unique_lock<std::mutex> lock(attempt->mutex);
  const bool has_ended =
      attempt->changed.wait_for(lock, left_, [&] { return attempt->target.has_value(); });
  left_ -= std::min(left_, Clock::now() - begin);
  if (has_ended) return *std::move(attempt->target);
  hanging_ = attempt;
  return refuse();
}

}  // namespace muster::master
