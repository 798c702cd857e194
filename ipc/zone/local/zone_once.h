#ifndef MUSTER_IPC_ZONE_LOCAL_ZONE_ONCE_H_
#define MUSTER_IPC_ZONE_LOCAL_ZONE_ONCE_H_

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "absl/status/status.h"
#include "muster/ipc/base/deadline.h"
#include "muster/ipc/base/fork_guard.h"
#include "muster/ipc/lock/once.h"
#include "muster/ipc/zone/local/holding_thread.h"

namespace muster::ipc {

// A Once for all threads of a participant. One object for each once and process. Of the threads of
// this process one runs the initialiser, or waits for another process that does; the others wait
// for that thread and get its result, an error too. A later Call tries again.
//
// If the initialiser throws, its Call throws the same; another thread that waited runs its own
// then. So it is when the thread of the initialiser ends in it, by pthread_exit.
//
// In a child of fork Call returns FailedPrecondition, unless it is done.
//
// Thread-safe. No thread may be in a call when it is destroyed. Memory as in Once.
class ZoneOnce {
 public:
  using Initialise = Once::Initialise;

  // Nobody else may use `once`'s participant for this once.
  explicit ZoneOnce(Once once) : once_(once) {}
  ~ZoneOnce();
  ZoneOnce(const ZoneOnce&) = delete;
  ZoneOnce& operator=(const ZoneOnce&) = delete;

  // As Once::Call. Costs one load when it is done. FailedPrecondition: the thread that runs
  // `initialise` called this again. DeadlineExceeded: another thread or participant still runs it.
  absl::Status Call(Initialise initialise, Deadline deadline = Deadline::Never()) {
    if (is_done()) [[likely]]
      return absl::OkStatus();
    return CallSlowly(initialise, deadline);
  }

  bool is_done() const { return once_.is_done(); }

  // As Once::Expire. Threads that wait for an initialiser of this process wait for its end.
  void Expire() { once_.Expire(); }

 private:
  // One thread's turn with once_. Ends with `result`, or without one: after an exception, or at the
  // thread's own deadline.
  class Run;

  absl::Status CallSlowly(Initialise initialise, Deadline deadline);

  const ForkGuard guard_ = ForkGuard::OfThisProcess();
  Once once_;  // for the thread in runner_
  std::mutex mutex_;
  std::unique_ptr<std::condition_variable> ended_ = std::make_unique<std::condition_variable>();
  // Guarded by mutex_.
  const HoldingThread* runner_ = nullptr;
  std::uint64_t runs_ = 0;              // that have ended
  std::optional<absl::Status> result_;  // of the latest
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_LOCAL_ZONE_ONCE_H_
