#ifndef MUSTER_MASTER_DECIDE_WORKER_LIFECYCLE_H_
#define MUSTER_MASTER_DECIDE_WORKER_LIFECYCLE_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "muster/master/decide/backoff.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/escalation.h"
#include "muster/master/decide/supervisor_action.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/decide/worker_state.h"

namespace muster::master {

// "worker 0 of generation 2".
std::string WorkerName(std::uint64_t generation, std::uint32_t index);

// One worker: what is in a slot from the decision to have it until the slot is free again,
// over all the processes that run there meanwhile.
struct WorkerRecord {
  std::uint32_t slot = 0;
  std::uint64_t generation = 0;
  std::uint32_t index = 0;  // among the generation's workers
  WorkerState state = WorkerState::kStarting;
  // False from when it was asked to end: its end is then no crash, and it is not started again.
  bool is_wanted = true;

  pid_t pid = 0;        // zero while no process runs
  TimePoint started{};  // the process
  std::optional<TimePoint> ready;
  bool was_killed = false;  // by us, because asking did not help
  bool is_undone = false;   // of a generation that failed before it served
  std::string complaint;    // what the process told before it failed

  std::uint32_t restarts = 0;
  std::uint32_t failures_in_a_row = 0;
  std::string last_exit;

  Duration ready_timeout{};
  Duration shutdown_timeout{};
  // When the state has lasted too long, or the backoff long enough.
  std::optional<TimePoint> deadline;
  Backoff backoff;
  Escalation escalation;

  // "worker 0 of generation 2 (pid 12345)".
  std::string Name() const;
};

// The workers of all generations by slot. Pure: what is to be done is appended to the
// actions that the caller gives. No pointer is lasting across Add and Sweep.
class WorkerLifecycle {
 public:
  // After shutdown_timeout a worker closes what is left by itself. So much later it is killed.
  static constexpr Duration kGrace = std::chrono::seconds(5);

  explicit WorkerLifecycle(std::uint32_t slots) : slots_(slots) {}

  // Takes the first free slot and starts a worker there. Null: no slot is free.
  WorkerRecord* Add(std::uint64_t generation, std::uint32_t index, const Settings& settings,
                    TimePoint now, std::vector<Action>* actions);
  std::uint32_t free_slots() const;

  // Takes the record through the table of states and performs the steps.
  static void Apply(WorkerRecord& worker, WorkerEvent event, TimePoint now,
                    std::vector<Action>* actions);
  // The same with kDrain, kQuit or kStop, for a worker that is not wanted from now on.
  static void End(WorkerRecord& worker, WorkerEvent how, TimePoint now,
                  std::vector<Action>* actions);
  // A fast stop insists: the signal again, in the end KILL.
  static void Insist(WorkerRecord& worker, TimePoint now, std::vector<Action>* actions);

  // Null: nothing is in the slot.
  WorkerRecord* Find(std::uint32_t slot);
  // Forgets the records whose slots are released.
  void Sweep();

  bool has_processes() const;
  std::optional<TimePoint> next_deadline() const;

  std::map<std::uint32_t, WorkerRecord>& records() { return records_; }
  const std::map<std::uint32_t, WorkerRecord>& records() const { return records_; }

 private:
  std::uint32_t slots_;
  std::map<std::uint32_t, WorkerRecord> records_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_WORKER_LIFECYCLE_H_
