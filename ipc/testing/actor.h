#ifndef MUSTER_IPC_TESTING_ACTOR_H_
#define MUSTER_IPC_TESTING_ACTOR_H_

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <functional>

#include "muster/ipc/base/cache_line.h"

namespace muster::ipc::testing {

// What the harness and one actor share. Zeroed before each trial.
struct alignas(kCacheLineBytes) ActorPage {
  std::atomic<std::uint32_t> reached;    // by the actor
  std::atomic<std::uint32_t> permitted;  // by the harness
  std::atomic<const char*> fault;        // by the actor; a literal, the same address in a fork
  // By nobody: zero, a deadline that has passed for whoever has the address.
  timespec past;
};

// Of the stages that an actor reaches the first and the last: that it turns to the primitive, for
// those that spin there; and its end.
inline constexpr std::uint32_t kArrived = 1;
inline constexpr std::uint32_t kFinished = 0xffffffff;

// The actor's side, used in its own process. Reaches and waits by futexes of its
// page, which the harness tells from those of the primitive.
class Part {
 public:
  explicit Part(ActorPage* page) : page_(page) {}

  void Reach(std::uint32_t stage);
  void AwaitPermission(std::uint32_t stage);
  // A claim of the primitive's did not hold. `what` must be a literal.
  void Fault(const char* what) { page_->fault.store(what, std::memory_order_relaxed); }

 private:
  ActorPage* page_;
};

// In a process of its own: runs `body`, and ends the process.
[[noreturn]] void PlayPart(const std::function<void(Part&)>& body, ActorPage* page) noexcept;

// The harness's side of a forked process that plays one part in a trial. It dies
// with the harness's thread. Not thread-safe.
class Actor {
 public:
  using Body = std::function<void(Part&)>;
  enum class State {
    kRunning,
    kParked,  // waits for the harness
    // Sleeps in a system call until somebody wakes it: in the primitive, since nothing else of its
    // body does. To wait for a disk is to run.
    kBlocked,
    kFinished,
    kDead,
  };

  // Forks; the child runs `body` and exits.
  Actor(ActorPage* page, const Body& body);
  // Kills what still runs.
  virtual ~Actor();
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  pid_t pid() const { return pid_; }
  virtual State state() const;
  bool HasReached(std::uint32_t stage) const;
  void Permit(std::uint32_t stage);
  // Sleeps until the actor reaches something, or a short while.
  void Nap() const;
  // Null: none.
  const char* fault() const { return page_->fault.load(std::memory_order_relaxed); }
  // What the process has consumed so far. Zero once it is dead.
  std::chrono::nanoseconds CpuTime() const;

  // SIGKILL, and returns when it is dead. The pid stays taken until the destructor.
  void Kill();
  // Once it has finished, until its process has ended, too.
  void AwaitEnd() const;
  // Rather than ended by itself.
  bool was_killed() const { return killed_; }

 protected:
  // For the process `pid`, which plays with `page` already. The caller traces it.
  Actor(ActorPage* page, pid_t pid);
  const ActorPage* page() const { return page_; }
  // As ps(1) shows it.
  char scheduling() const;

 private:
  State StateInKernel() const;
  void OpenFiles();

  ActorPage* page_;
  pid_t pid_;
  int syscall_fd_ = -1;  // /proc/PID/syscall
  int stat_fd_ = -1;     // /proc/PID/stat
  bool killed_ = false;
};

}  // namespace muster::ipc::testing

#endif  // MUSTER_IPC_TESTING_ACTOR_H_
