#ifndef MUSTER_IPC_TESTING_KILL_SWEEP_H_
#define MUSTER_IPC_TESTING_KILL_SWEEP_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "muster/ipc/testing/trial.h"

namespace muster::ipc::testing {

// A part that somebody plays when he dies, and what the others do about it.
struct Scenario {
  std::string primitive;
  std::string role;
  // Somebody else's primitive: swept for comparison, not judged.
  bool peer = false;
  // How many victims it has.
  int dimensions = 1;
  // Whoever waits spins, and is never seen asleep.
  bool spins = false;
  // False: nobody recovers for the dead, and so nobody can do it late. Whoever waits finds the
  // death after a while, which makes the row slow.
  bool is_recovered = true;
  // Its first victim must be seen asleep in a system call before the section ends, or the sweep
  // would be of something else.
  bool sleeps = false;
  std::function<void(Trial&)> play = nullptr;
};

// How much of a scenario is swept. By default all of it.
struct SweepLimits {
  // Spread evenly over each victim's section; 0: every point.
  std::uint64_t points_per_victim = 0;
  // After so long no further point is tried, unless there were fewer than `least_points`. What was
  // tried until then is spread over the sections too.
  std::chrono::nanoseconds time = std::chrono::hours(24 * 365);
  std::uint64_t least_points = 0;
  // After the first kill point that went wrong no further one is tried.
  bool stop_at_problem = false;
};

// What a sweep of one scenario found. A kill point counts once in each column.
struct Tally {
  std::uint64_t kill_points = 0;
  std::uint64_t hangs = 0;
  std::uint64_t leaks = 0;
  std::uint64_t faults = 0;
  // No point was left out.
  bool complete = true;
  // Of the first kill point that went wrong: the row, the phase and what it was. Empty: none did.
  std::string first_problem;

  bool clean() const { return hangs == 0 && leaks == 0 && faults == 0; }
};

// Plays the scenario with the victim killed before each instruction of its section and at its
// end; with two victims, for all pairs. At each point with early recovery, and if that
// is clean with late. First comes a rehearsal, in which nobody dies before the section's end; if
// that goes wrong nothing else is tried. Every phase has a bound: a trial counts what does not come
// to an end as a hang, and for what even the trial cannot end, the process ends with a message.
// Forks: the caller has one thread. Uses SIGALRM.
Tally Sweep(const Scenario& scenario, const SweepLimits& limits = {});

}  // namespace muster::ipc::testing

#endif  // MUSTER_IPC_TESTING_KILL_SWEEP_H_
