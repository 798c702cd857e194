#ifndef MUSTER_IPC_TESTING_PATIENCE_H_
#define MUSTER_IPC_TESTING_PATIENCE_H_

#include <chrono>
#include <vector>

namespace muster::ipc::testing {

// What was seen of one process at one look.
struct Sight {
  // It sleeps, is stopped or has ended: without somebody else it does nothing more.
  bool is_still;
  // What it has consumed so far, read after that.
  std::chrono::nanoseconds cpu_time;
};

// Decides when it is no use to go on waiting for processes, on a machine of any speed and under
// any load: a process that does not get a processor is given all the time it needs. Counts what
// the processes did, not how long it took. One object for one wait.
class Patience {
 public:
  using Clock = std::chrono::steady_clock;

  enum class Verdict {
    kWaitOn,
    kAsleep,    // nobody has run for long, and nobody wanted to
    kSpinning,  // whoever does not sleep has consumed much
    kRestless,  // neither: they sleep and run in turn, without end
  };

  // A longer gap between two looks was the harness's own absence: the rest proves nothing.
  static constexpr std::chrono::nanoseconds kLongestLook = std::chrono::milliseconds(10);
  // Without anybody's moving, or of a processor for each.
  static constexpr std::chrono::nanoseconds kPatience = std::chrono::milliseconds(150);
  static constexpr std::chrono::nanoseconds kRestlessPatience = std::chrono::seconds(10);

  // One more look, always at the same processes in the same order; more may join at the end.
  Verdict Note(Clock::time_point now, const std::vector<Sight>& sights);
  // Sleeps for some microseconds, to let others run; but not in the beginning, since most waits are
  // shorter. Not sched_yield: among busy processes that costs a whole turn of theirs.
  void Nap() const;

 private:
  struct Process {
    std::chrono::nanoseconds cpu_time{0};
    std::chrono::nanoseconds spent{0};
  };

  std::vector<Process> processes_;
  int looks_ = 0;
  Clock::time_point last_look_;
  std::chrono::nanoseconds idle_{0};
  std::chrono::nanoseconds waited_{0};
};

}  // namespace muster::ipc::testing

#endif  // MUSTER_IPC_TESTING_PATIENCE_H_
