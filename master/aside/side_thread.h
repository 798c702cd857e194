#ifndef MUSTER_MASTER_ASIDE_SIDE_THREAD_H_
#define MUSTER_MASTER_ASIDE_SIDE_THREAD_H_

#include <pthread.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"

namespace muster::master {

// A thread for what may wait without a bound: files of a network, name services, other programs.
// Performs tasks one after the other. No signal is delivered to it. Thread-safe.
//
// A task owns all that it uses: the thread may still hang in it when this object, or the process's
// main function, has ended.
class SideThread {
 public:
  using Task = absl::AnyInvocable<void()>;

  struct Busy {
    std::string what;  // WaitNote of the task, as "reading /srv/m.textproto"; may be empty
    std::chrono::steady_clock::duration since{};  // the task's begin

    // "still reading /srv/m.textproto after 31s"
    std::string ToString() const;
  };

  static absl::StatusOr<std::unique_ptr<SideThread>> Start();
  // Drops tasks that were not begun. Waits at most kPatience for the one that was, and leaves the
  // thread behind if it hangs.
  ~SideThread();
  SideThread(const SideThread&) = delete;
  SideThread& operator=(const SideThread&) = delete;

  static constexpr std::chrono::milliseconds kPatience{500};

  // Performs `task` after all earlier ones, and destroys it, in the thread.
  void Post(Task task);
  // The task that is being performed.
  std::optional<Busy> busy() const;

 private:
  struct Shared;

  SideThread(pthread_t thread, std::shared_ptr<Shared> shared);
  static void* Main(void* shared);

  const pthread_t thread_;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ASIDE_SIDE_THREAD_H_
