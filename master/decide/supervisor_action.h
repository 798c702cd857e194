#ifndef MUSTER_MASTER_DECIDE_SUPERVISOR_ACTION_H_
#define MUSTER_MASTER_DECIDE_SUPERVISOR_ACTION_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "muster/master/decide/clock.h"
#include "muster/master/decide/supervisor_event.h"
#include "muster/worker/protocol/command.h"

namespace muster::master {

// What the core wants done. The supervisor performs all actions of one Handle, in their order,
// before it handles the next event.

// Answered by SpawnedEvent or SpawnFailedEvent.
struct SpawnAction {
  std::uint32_t slot = 0;
  std::uint64_t generation = 0;
  std::uint32_t index = 0;  // among the generation's workers

  friend bool operator==(const SpawnAction&, const SpawnAction&) = default;
};

// Sends a command over the channel. The matching signal replaces it if the channel takes nothing.
struct SendAction {
  std::uint32_t slot = 0;
  worker::Command command{};
  std::uint32_t token = 0;  // comes back in AckedEvent; zero: no answer is expected

  friend bool operator==(const SendAction&, const SendAction&) = default;
};

struct SignalAction {
  std::uint32_t slot = 0;
  int signal = 0;

  friend bool operator==(const SignalAction&, const SignalAction&) = default;
};

// The slot is free: it has no process, and none will be started for this worker.
struct ReleaseSlotAction {
  std::uint32_t slot = 0;

  friend bool operator==(const ReleaseSlotAction&, const ReleaseSlotAction&) = default;
};

// Reads the configuration again and makes what is new in it. Changes nothing that serves. Answered
// by LoadedEvent or LoadRefusedEvent, at any time, or never if it hangs.
struct LoadAction {
  LoadId load = 0;
  RequestId config_of = 0;  // not zero: the configuration that this request brought, not the file

  friend bool operator==(const LoadAction&, const LoadAction&) = default;
};

// The same with the configuration and the program of a generation that is in the history, as they
// were loaded.
struct LoadAgainAction {
  LoadId load = 0;
  std::uint64_t generation = 0;
  std::uint32_t workers = 0;  // zero: as many as the configuration says
  // An upgrade: not the program of that generation, but this file; or if it is empty, what the
  // configuration and the command line lead to now.
  std::optional<std::string> worker_file{};

  friend bool operator==(const LoadAgainAction&, const LoadAgainAction&) = default;
};

// Nobody waits for that load any more. If it is overdue, this is answered by a LoadRefusedEvent
// that says what it hangs in; until it ends, further loads are refused with that.
struct AbandonLoadAction {
  LoadId load = 0;
  bool is_overdue = false;

  friend bool operator==(const AbandonLoadAction&, const AbandonLoadAction&) = default;
};

// All workers of the generation are ready. Makes what was loaded for it listen, and changes what
// live sockets of the generation that serves have otherwise. Answered by ListeningEvent or
// ListenRefusedEvent; or, if a worker of the generation has ended, by its ExitedEvent alone, and
// then nothing listens.
struct ListenAction {
  std::uint64_t generation = 0;

  friend bool operator==(const ListenAction&, const ListenAction&) = default;
};

// What was loaded serves from now on, as this generation. Drops what it does not use. Comes after
// ListeningEvent, and cannot fail.
struct CommitAction {
  std::uint64_t generation = 0;
  // The generation to which its trial leads back, whose listeners stay. Zero: none is on trial.
  std::uint64_t way_back = 0;

  friend bool operator==(const CommitAction&, const CommitAction&) = default;
};

// The generation serves no more, none of its workers is left, and no trial leads back to it: drops
// its listeners and zones that no other generation has. Its configuration and program stay.
struct ReleaseAction {
  std::uint64_t generation = 0;

  friend bool operator==(const ReleaseAction&, const ReleaseAction&) = default;
};

// A generation that was released is no longer in the history: drops its configuration and program.
struct ForgetAction {
  std::uint64_t generation = 0;

  friend bool operator==(const ForgetAction&, const ForgetAction&) = default;
};

// Drops what that load made.
struct RollBackAction {
  LoadId load = 0;  // zero: the start's

  friend bool operator==(const RollBackAction&, const RollBackAction&) = default;
};

// No worker will accept connections any more.
struct CloseListenersAction {
  friend bool operator==(const CloseListenersAction&, const CloseListenersAction&) = default;
};

// Outcome::connections_closed counts what nobody takes from the handoff queue from now on.
struct CountClosedAction {
  friend bool operator==(const CountClosedAction&, const CountClosedAction&) = default;
};

// Tries the program beside the loop: whether it could go on from the master's state as it is. It
// stays open if it could. Answered by ProgramTriedEvent, within a time of its own.
struct TryProgramAction {
  std::uint64_t upgrade = 0;  // its number
  std::string master_file{};  // empty: the path from which the master was started
  std::string worker_file{};  // empty: as the configuration and the command line say

  friend bool operator==(const TryProgramAction&, const TryProgramAction&) = default;
};

// The program that came with that upgrade is of no use any more: ends its trial, if that goes on,
// and closes it.
struct AbandonProgramAction {
  std::uint64_t upgrade = 0;

  friend bool operator==(const AbandonProgramAction&, const AbandonProgramAction&) = default;
};

// Executes another program in place of this one: to be performed when all events that came before
// are handled, and only if Upgrade::is_executing() then. Else this is void, and comes again when it
// may be performed. Answered by ExecFailedEvent; or after SupervisorCore::Restore, in the other
// program by UpgradedEvent, and in this one by UpgradeUndoneEvent.
struct ExecAction {
  bool is_way_back = false;  // the program that was replaced before; else the one that was tried

  friend bool operator==(const ExecAction&, const ExecAction&) = default;
};

// The upgrade is committed: closes the program that was replaced.
struct DropOldProgramAction {
  friend bool operator==(const DropOldProgramAction&, const DropOldProgramAction&) = default;
};

struct Outcome {
  absl::Status status = absl::OkStatus();
  std::uint64_t generation = 0;  // reload
  Duration took{};               // reload
  // Reload: what did not go as it should, though the generation serves. Each names who.
  std::vector<std::string> warnings{};
  // Reload: the connections that the old workers still held when they had begun to drain; those of
  // them that stay there for want of room; those that ended with a generation that was ended at
  // once.
  std::uint64_t connections_held = 0;
  std::uint64_t connections_kept = 0;
  std::uint64_t connections_cut = 0;
  // Reload that waits until the old workers have ended: the connections that ended with them, or
  // that they closed because they drained too long.
  std::uint64_t connections_ended = 0;
  std::vector<std::string> made_anew{};  // rollback: listeners and zones that were gone
  std::uint32_t reopened = 0;            // reopen
  std::uint32_t restarted = 0;           // restart: workers
  // Quit, stop, pause, reload that waits until the old workers have ended.
  std::uint32_t exited = 0;
  std::uint32_t killed = 0;
  // Quit, stop, pause: the connections that were closed although they were open, with their worker
  // or, which the supervisor adds, in the handoff queue; and the requests that had begun on them.
  std::uint64_t connections_closed = 0;
  std::uint64_t requests_cut = 0;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};
struct ReplyAction {
  RequestId request = 0;
  Outcome outcome;

  friend bool operator==(const ReplyAction&, const ReplyAction&) = default;
};

enum class Severity { kDebug, kInfo, kWarning, kError };

// What a line of the log tells, for those who follow the events of the master: as Event.Kind in
// proto/event.proto.
enum class Topic {
  kOther,
  kWorkerStarted,
  kWorkerReady,
  kWorkerExited,
  kWorkerCrashed,
  kWorkerGaveUp,
  kWorkerKilled,
  kWorkerHung,
  kWorkerWoke,
  kWorkersScaled,
  kReloadBegun,
  kGenerationServes,
  kReloadRefused,
  kReopened,
  kTrialFailed,
  kTrialPassed,
  kUpgradeBegun,
  kUpgraded,
  kUpgradeRefused,
  kUpgradeUndone,
  kUpgradeCommitted,
};
// The worker that a line is about.
struct WorkerId {
  std::uint32_t index = 0;
  std::uint32_t slot = 0;
  pid_t pid = 0;           // zero: no process runs
  std::string last_end{};  // how its last process ended, in a word; empty: none has

  friend bool operator==(const WorkerId&, const WorkerId&) = default;
};
struct LogAction {
  Severity severity = Severity::kInfo;
  std::string text{};
  Topic topic = Topic::kOther;
  std::uint64_t generation = 0;  // zero: of none
  std::optional<WorkerId> worker{};
  LoadId attempt = 0;  // a reload or a resume, by its load; zero: of none

  friend bool operator==(const LogAction&, const LogAction&) = default;
};

// Tells the service manager (sd_notify(3)).
struct NotifyAction {
  enum class What {
    kReady,      // the start, a reload, successful or not, or a pause is complete
    kReloading,  // a reload begins
    kStopping,
  };
  What what = What::kReady;

  friend bool operator==(const NotifyAction&, const NotifyAction&) = default;
};

// The last action of all.
struct ExitAction {
  int code = 0;

  friend bool operator==(const ExitAction&, const ExitAction&) = default;
};

using Action =
    std::variant<SpawnAction, SendAction, SignalAction, ReleaseSlotAction, LoadAction,
                 LoadAgainAction, AbandonLoadAction, ListenAction, CommitAction, RollBackAction,
                 CloseListenersAction, CountClosedAction, ReplyAction, LogAction, NotifyAction,
                 ExitAction, ReleaseAction, ForgetAction, TryProgramAction, AbandonProgramAction,
                 ExecAction, DropOldProgramAction>;

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_SUPERVISOR_ACTION_H_
