#ifndef IPC_TESTING_KILL_SWEEP_H_
#define IPC_TESTING_KILL_SWEEP_H_

#include <cstdint>
#include <functional>
#include <string>

#include "ipc/testing/trial.h"

namespace muster::ipc::testing {

// A part that somebody plays when he dies, and what the others do about it.
struct Scenario {
  std::string primitive;
  std::string role;
  // Somebody else's primitive: swept for comparison, not judged.
  bool peer = false;
  // How many victims it has.
  int dimensions = 1;
  std::function<void(Trial&)> play = nullptr;
};

// What a sweep of one scenario found. A kill point counts once in each column.
struct Tally {
  std::uint64_t kill_points = 0;
  std::uint64_t hangs = 0;
  std::uint64_t leaks = 0;
  std::uint64_t faults = 0;
  // Of the first kill point that went wrong. Empty: none did.
  std::string first_problem;

  bool clean() const { return hangs == 0 && leaks == 0 && faults == 0; }
};

// Plays the scenario with the victim killed before its 1st, 2nd, 3rd, ... instruction, until
// it comes to the end of its section; with two victims, for all pairs. At
// each point with early recovery, and if that is clean with late. `max_points_per_dimension`
// spreads as many evenly over the section; 0: all of them. Forks: the caller has one thread.
Tally Sweep(const Scenario& scenario, std::uint64_t max_points_per_dimension = 0);

}  // namespace muster::ipc::testing

#endif  // IPC_TESTING_KILL_SWEEP_H_
