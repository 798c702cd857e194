#include "muster/ipc/zone/local/zone_once.h"

namespace muster::ipc {

class ZoneOnce::Run {
 public:
  explicit Run(ZoneOnce& once) : once_(once) {}
  // Also while an exception is on its way, or the thread unwinds in pthread_exit.
  ~Run() {
    {
      const std::lock_guard guard(once_.mutex_);
      once_.runner_ = nullptr;
      ++once_.runs_;
      once_.result_ = result;
    }
    once_.ended_->notify_all();
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  std::optional<absl::Status> result;

 private:
  ZoneOnce& once_;
};

ZoneOnce::~ZoneOnce() {
  // In a child of fork its destructor would wait for the parent's threads that sleep on it.
  if (!guard_.holds()) (void)ended_.release();
}

absl::Status ZoneOnce::CallSlowly(Initialise initialise, Deadline deadline) {
  if (!guard_.holds()) {
    return absl::FailedPreconditionError(
        "once: this process is a child of fork of its participant");
  }
  const HoldingThread& me = HoldingThread::Current();
  {
    std::unique_lock guard(mutex_);
    while (runner_ != nullptr) {
      if (runner_ == &me) {
        return absl::FailedPreconditionError("once: the initialiser calls itself");
      }
      const std::uint64_t seen = runs_;
      const auto has_ended = [&] { return runs_ != seen; };
      if (deadline.is_never()) {
        ended_->wait(guard, has_ended);
      } else if (!ended_->wait_until(guard, deadline.time(), has_ended)) {
        return absl::DeadlineExceededError("once: another thread still initialises");
      }
      // Of that run or a later one: both were under way during this call.
      if (result_.has_value()) return *result_;
    }
    runner_ = &me;
  }
  Run run(*this);
  bool has_begun = false;
  const absl::Status status = once_.Call(
      [&](bool was_interrupted) {
        has_begun = true;
        return initialise(was_interrupted);
      },
      deadline);
  if (has_begun || !absl::IsDeadlineExceeded(status)) run.result = status;
  return status;
}

}  // namespace muster::ipc
