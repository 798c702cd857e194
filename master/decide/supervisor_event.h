#ifndef MUSTER_MASTER_DECIDE_SUPERVISOR_EVENT_H_
#define MUSTER_MASTER_DECIDE_SUPERVISOR_EVENT_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "muster/ipc/process/process_exit.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/restart_terms.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {

// A request whose sender waits for the outcome. Zero: nobody waits, as after a signal.
using RequestId = std::uint64_t;

// A load of the configuration. Each has a number of its own, so that what comes of one that nobody
// waits for any more is known as such.
using LoadId = std::uint64_t;

// What the core needs to know about a configuration.
struct Settings {
  std::uint32_t workers = 1;  // at least one
  Duration ready_timeout{};
  std::string ready_timeout_place{};  // "muster.textproto:3:16: ready_timeout", as messages name it
  Duration shutdown_timeout{};
  Duration drain_ack_timeout{};
  std::uint32_t max_generations = 4;
  RestartTerms restart{};
  Duration heartbeat_timeout{};  // zero: nobody who is busy is taken to hang
  bool kills_hung = false;
  std::string hash{};  // of the configuration
  bool is_from_call = false;
  // Whether workers may be added and removed. False if each worker has a socket of its own.
  bool can_scale = true;
  // How long a reload is on trial, and the most crashes in that time. Zero: it is not.
  Duration trial{};
  std::uint32_t trial_max_crashes = 0;
};

// What happens. Handle takes one event at a time, in the order in which they happened.

// The first event, once: begin the first generation.
struct StartEvent {
  Settings settings{};
};

// The outcomes of actions.
struct SpawnedEvent {
  std::uint32_t slot = 0;
  pid_t pid = 0;
};
struct SpawnFailedEvent {
  std::uint32_t slot = 0;
  std::string reason{};
};
struct LoadedEvent {
  LoadId load = 0;
  Settings settings{};
  // Of a rollback: "zone sessions, empty".
  std::vector<std::string> made_anew{};
};
struct LoadRefusedEvent {
  LoadId load = 0;
  absl::Status reason{};
};
struct ListeningEvent {
  std::uint64_t generation = 0;
};
struct ListenRefusedEvent {
  std::uint64_t generation = 0;
  absl::Status reason{};
};

// From the worker in the slot.
struct ReadyEvent {
  std::uint32_t slot = 0;
  std::uint32_t protocol = worker::kProtocolVersion;  // that the worker speaks
};
struct FailedEvent {
  std::uint32_t slot = 0;
  absl::Status reason{};                              // may name a field (config::AtField)
  std::uint32_t protocol = worker::kProtocolVersion;  // that the program speaks
};
struct AckedEvent {
  std::uint32_t slot = 0;
  std::uint32_t token = 0;  // of the SendAction
  std::string error{};      // empty: done
  // After DRAIN: the connections that the worker still has, and those of them that it keeps for
  // want of room elsewhere.
  std::uint32_t held = 0;
  std::uint32_t kept = 0;
};
// Everything that the process held is recovered.
struct ExitedEvent {
  std::uint32_t slot = 0;
  ipc::ProcessExit exit{};
  std::uint64_t connections = 0;  // that were open when it ended, or when it was told to at once
  std::uint64_t closed_at_deadline = 0;  // that it closed since its drain took too long
  std::uint64_t requests = 0;  // that had begun on these connections and had no whole answer
  // What it left, fit for one line: "it served GET /x for 192.0.2.1:4711", and the reason that it
  // gave itself. Empty: nothing.
  std::string at_hand{};
  std::string last_words{};
};

// A worker that is ready does not run its loop: it has been silent for its heartbeat_timeout, or is
// stopped by a signal. And it runs it again.
struct HungEvent {
  std::uint32_t slot = 0;
  pid_t pid = 0;            // of whom this is told; another process may have the slot by now
  Duration silent{};        // zero: it is not known
  bool is_stopped = false;  // by a signal or a debugger
  std::string findings{};   // continues a line: " while it served GET /x; its process runs"
};
struct WokeEvent {
  std::uint32_t slot = 0;
  pid_t pid = 0;
};

// Listeners that a commit has dropped come to their end, with clients whose connections are taken
// or are still to come; or the last of them has ended, within seconds. After each CommitAction.
struct RetirementEvent {
  bool is_under_way = false;
};

// next_deadline() has come.
struct TickEvent {};

// What a reload is to find in force when it begins: what whoever asks for it has looked at. So of
// two who look and then reload, the slower one changes nothing that it has not seen.
struct ReloadCondition {
  std::uint64_t generation = 0;  // that serves; zero: any
  std::string hash{};            // of its configuration; empty: any
};

// From the operator.
struct ReloadEvent {
  RequestId request = 0;
  // The request brought a configuration, which is loaded in place of the file.
  bool has_config = false;
  // It is answered when no process of an older generation is left, instead of when all of them have
  // acknowledged that they drain.
  bool until_drained = false;
  ReloadCondition condition{};
  std::string by{};  // who asked: "uid 1000 (pid 4711)", "SIGHUP"
};
// A reload with the configuration and the program of an earlier generation.
struct RollbackEvent {
  RequestId request = 0;
  std::uint64_t generation = 0;  // zero: the one before
  bool until_drained = false;
  ReloadCondition condition{};
  std::string by{};
};
// What the number of a worker must stand for when an order about it begins.
struct WorkerCondition {
  std::uint64_t generation = 0;  // that serves; 0: any
  std::optional<pid_t> pid{};    // 0: no process runs
};
// A change of single workers of the generation that serves.
struct WorkerOrderEvent {
  enum class What {
    kRestartAll,  // one after another
    kRestart,     // this and the next three: the worker with this index
    kDrain,
    kQuit,
    kKill,
    kScale,  // to so many workers
  };
  RequestId request = 0;
  What what = What::kRestartAll;
  std::uint32_t number = 0;  // index, or how many
  std::string by{};
  WorkerCondition condition{};  // of an order about one worker
};
struct ReopenEvent {
  RequestId request = 0;
  absl::Status own_log{};  // whether the master could open its own log again
};
struct QuitEvent {
  RequestId request = 0;
};
struct StopEvent {
  RequestId request = 0;
};
// Stop serving, but keep the master and its listeners.
struct PauseEvent {
  RequestId request = 0;
};
// Serve again after a pause, with the configuration that is loaded.
struct ResumeEvent {
  RequestId request = 0;
  std::string by{};
};
struct ScaleEvent {
  int by = 0;  // +1 or -1
};
// Another program of the master in place of the one that runs (upgrade.h).
struct UpgradeEvent {
  enum class What {
    kUpgrade,
    kUndo,    // back to the program before
    kCommit,  // no way back any more
  };
  RequestId request = 0;
  What what = What::kUpgrade;
  std::string id{};  // of the call; who lost its connection finds the outcome by it
  std::string by{};
  // What follows is of kUpgrade. The version of the program that runs.
  std::string version{};
  std::string master_file{};  // empty: the path from which the master was started
  std::string worker_file{};  // empty: as the configuration says, found anew
};
// Answers TryProgramAction: OK, and its version, or why it cannot take over.
struct ProgramTriedEvent {
  std::uint64_t upgrade = 0;
  absl::Status status{};
  std::string version{};
};
// Answers ExecAction, if this program goes on without having been replaced.
struct ExecFailedEvent {
  absl::Status status{};
};
// Answers ExecAction in the program that was executed by it, when it has told that it serves. The
// first event after SupervisorCore::Restore.
struct UpgradedEvent {};
// Answers ExecAction in the program that was replaced by it and has come back, since the other one
// did not get so far: `reason`. The first event after SupervisorCore::Restore.
struct UpgradeUndoneEvent {
  std::string reason{};
};
// Whoever sent a reload, a resume or a change of single workers waits for it no longer. If nobody
// else does, a reload or resume is undone, unless it is committed. A restart stops after the worker
// that it is at. An upgrade ends if its program is still being tried. Answered at once, unless it
// was before.
struct WithdrawEvent {
  RequestId request = 0;
  std::string why{};  // "its deadline came"
};

using Event =
    std::variant<StartEvent, SpawnedEvent, SpawnFailedEvent, LoadedEvent, LoadRefusedEvent,
                 ListeningEvent, ListenRefusedEvent, ReadyEvent, FailedEvent, AckedEvent,
                 ExitedEvent, HungEvent, WokeEvent, RetirementEvent, TickEvent, ReloadEvent,
                 ReopenEvent, QuitEvent, StopEvent, PauseEvent, ResumeEvent, ScaleEvent,
                 WithdrawEvent, RollbackEvent, WorkerOrderEvent, UpgradeEvent, ProgramTriedEvent,
                 ExecFailedEvent, UpgradedEvent, UpgradeUndoneEvent>;

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_SUPERVISOR_EVENT_H_
