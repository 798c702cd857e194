#ifndef MUSTER_MASTER_DECIDE_WORKER_RECORD_H_
#define MUSTER_MASTER_DECIDE_WORKER_RECORD_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "muster/ipc/process/process_exit.h"
#include "muster/master/decide/backoff.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/escalation.h"
#include "muster/master/decide/state_reader.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/master/decide/worker_state.h"
#include "muster/proto/state/core_state.pb.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {

// "worker 0 of generation 2".
std::string WorkerName(std::uint64_t generation, std::uint32_t index);

// What the core knows of one worker. The record begins when the core decides to have the worker,
// and ends when its slot is free again. Several processes may run in that time, one after another.
struct WorkerRecord {
  std::uint32_t slot = 0;
  std::uint64_t generation = 0;
  std::uint32_t index = 0;  // among the generation's workers
  WorkerState state = WorkerState::kStarting;
  // False once the worker was asked to end: its end is then no crash, and it is not started again.
  bool is_wanted = true;

  pid_t pid = 0;        // zero while no process runs
  TimePoint started{};  // the process
  std::optional<TimePoint> ready;
  bool was_killed = false;  // by the master, because the worker did not end when asked
  bool is_undone = false;   // of a generation that failed before it served
  bool is_hung = false;     // it was told that the process does not run its loop
  // Started by an order in a generation that serves (worker_orders.h): if it is not ready at the
  // first try, there is no second one.
  bool is_on_probation = false;
  std::string complaint;  // the reason in the process's FAILED message
  // The version of the protocol that the process speaks. Zero: it has not told yet.
  std::uint32_t protocol = 0;
  // The process was started when the listeners of its generation listened already.
  bool has_listeners = false;
  // The token of its SERVE, DRAIN or QUIT, as long as the process has not acknowledged it. Zero:
  // none.
  std::uint32_t unacknowledged = 0;
  // The token of the REOPEN that the process was sent and has not answered; zero: none. And of the
  // one that it gets next, when it has answered, or is ready: so a process that does not listen
  // holds the logs of one.
  std::uint32_t reopening = 0;
  std::uint32_t next_reopening = 0;

  std::uint32_t restarts = 0;
  std::uint32_t failures_in_a_row = 0;  // of processes that had not served
  bool has_served = false;              // one of its processes (crash_policy.h)
  std::string last_exit;  // how the last process ended, or why it could not be started
  std::string last_end;   // the same in a word: "SIGSEGV", "exit 3", "not started"
  // At that time: " while it served GET /x for 192.0.2.1:4711, with the last words ...".
  std::string last_circumstances;

  Duration ready_timeout{};
  Duration shutdown_timeout{};
  Duration heartbeat_timeout{};
  bool kills_hung = false;
  // When the state has lasted too long, or when the backoff is over.
  std::optional<TimePoint> deadline;
  Backoff backoff;
  Escalation escalation;

  // Whether the process waits for SERVE when it is ready. An older one accepts connections then.
  bool SpeaksOfServing() const { return protocol >= worker::kServeVersion; }
  // Whether the process ended since it refuses listeners that do not listen, as older ones do.
  bool WantsListenersFirst() const {
    return !ready && !complaint.empty() && !SpeaksOfServing() && !has_listeners;
  }

  // "worker 0 of generation 2 (pid 12345)".
  std::string Name() const;
  // "was killed by SIGSEGV", "exited with code 1: COMPLAINT".
  std::string HowItEnded(const ipc::ProcessExit& exit) const;
  // What the process left, in words that follow those of HowItEnded. Nothing of one that ended
  // cleanly, and no last words if they are its complaint.
  std::string Circumstances(const ExitedEvent& event) const;
  // "SIGSEGV", "exit 3".
  static std::string HowItEndedInAWord(const ipc::ProcessExit& exit);
  // Why the end of this process makes its generation fail. Uses the complaint alone if there is one
  // and the worker was not ready.
  std::string WhyNotReady(const ipc::ProcessExit& exit) const;

  // All of it.
  void Save(state::v1::CoreState::Worker* saved) const;
  static WorkerRecord Restore(const state::v1::CoreState::Worker& saved, StateReader& reader);

  friend bool operator==(const WorkerRecord&, const WorkerRecord&) = default;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_WORKER_RECORD_H_
